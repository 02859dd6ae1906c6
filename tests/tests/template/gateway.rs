//! The gateway: throttling, access log, CORS, domain.

use end_to_end::template::Template;
use serde_json::{Value, json};

use crate::{for_every_set, functions, properties, resources};

#[test]
fn it_serves_the_functions_routes_alone() {
    for_every_set(|_, template| {
        let paths = properties(template, "Api")["Body"]["paths"].as_object().unwrap();
        assert_eq!(paths.values().map(|path| path.as_object().unwrap().len()).sum::<usize>(), functions().len());
    });
}

#[test]
fn every_route_is_throttled_and_measured() {
    for_every_set(|_, template| {
        let parameters = &template["Parameters"];
        let expected = json!({
            "ThrottlingRateLimit": parameters["RateLimit"],
            "ThrottlingBurstLimit": parameters["BurstLimit"],
            "DetailedMetricsEnabled": true,
        });
        assert_eq!(properties(template, "ApiApiGatewayDefaultStage")["DefaultRouteSettings"], expected);
    });
}

#[test]
fn the_access_log_has_no_personal_data_unless_it_is_asked_for() {
    for_every_set(|_, template| {
        let settings = &properties(template, "ApiApiGatewayDefaultStage")["AccessLogSettings"];
        assert_eq!(settings["DestinationArn"], "${ApiLogGroup.Arn}");
        let format = settings["Format"].as_str().unwrap();
        let line: Value = serde_json::from_str(format).unwrap();
        let mut fields: Vec<_> = line.as_object().unwrap().values().map(|field| field.as_str().unwrap()).collect();
        fields.sort_unstable();
        let mut expected = vec![
            "$context.error.responseType",
            "$context.integration.integrationStatus",
            "$context.integration.requestId",
            "$context.integrationErrorMessage",
            "$context.integrationLatency",
            "$context.protocol",
            "$context.requestId",
            "$context.requestTime",
            "$context.responseLatency",
            "$context.responseLength",
            "$context.routeKey",
            "$context.status",
        ];
        if template["Parameters"]["LogSourceIp"] == "true" {
            expected.insert(2, "$context.identity.sourceIp");
        }
        expected.sort_unstable();
        assert_eq!(fields, expected);
        assert_eq!(line["status"], "$context.status", "which the filter on 429 reads");
        assert!(!format.contains('\n'), "one line");
    });
}

#[test]
fn no_browser_may_call_it_but_from_the_origins_that_are_named() {
    for_every_set(|set, template| {
        let body = properties(template, "Api")["Body"].as_object().unwrap();
        let cors = body.get("x-amazon-apigateway-cors");
        if set != "everything" {
            assert_eq!(cors, None, "{set}");
            return;
        }
        let expected = json!({
            "allowOrigins": ["https://app.example.com", "https://example.org"],
            "allowMethods": ["GET", "POST", "PATCH", "DELETE"],
            "allowHeaders": ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"],
            "exposeHeaders": ["ETag", "Location", "Idempotency-Replayed", "X-Request-Id", "Retry-After"],
            "maxAge": 3600,
        });
        assert_eq!(cors, Some(&expected));
        for (.., route) in functions() {
            assert!(expected["allowMethods"].as_array().unwrap().contains(&json!(route.method)));
        }
    });
}

#[test]
fn a_domain_is_the_only_way_in_where_there_is_one() {
    let made = |template: &Value| {
        let kinds = ["AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping", "AWS::Route53::RecordSet"];
        kinds.map(|kind| resources(template, kind).count())
    };
    let endpoint_is_off = |template: &Value| {
        let servers = &properties(template, "Api")["Body"]["servers"];
        servers[0]["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"] == true
    };
    for_every_set(|set, template| {
        let url = &template["Outputs"]["ApiUrl"]["Value"];
        if set != "everything" {
            assert_eq!(made(template), [0, 0, 0]);
            assert!(!endpoint_is_off(template));
            assert_eq!(url, "https://${Api}.execute-api.eu-west-1.amazonaws.com/api/v1");
            return;
        }
        assert_eq!(made(template), [1, 1, 2]);
        assert!(endpoint_is_off(template));
        assert_eq!(url, "https://api.example.com/api/v1");
        let domain = properties(template, "Domain");
        assert_eq!(domain["DomainName"], "api.example.com");
        assert_eq!(domain["DomainNameConfigurations"][0]["SecurityPolicy"], "TLS_1_2");
        let mapping = properties(template, "DomainMapping");
        assert_eq!((&mapping["ApiId"], &mapping["Stage"]), (&json!("${Api}"), &json!("${ApiApiGatewayDefaultStage}")));
        let mut kinds = Vec::new();
        for (_, record) in resources(template, "AWS::Route53::RecordSet") {
            let record = &record["Properties"];
            assert_eq!(record["Name"], "api.example.com");
            assert_eq!(record["AliasTarget"]["DNSName"], "${Domain.RegionalDomainName}");
            kinds.push(record["Type"].as_str().unwrap().to_owned());
        }
        kinds.sort();
        assert_eq!(kinds, ["A", "AAAA"]);
    });
    if let Some(template) = Template::translated("everything") {
        let template = template.resolved(&[("HostedZoneId", "")]);
        assert_eq!(made(&template), [1, 1, 0], "without a zone the records are someone else's");
    }
}
