//! The gateway: its access log, and who may call it from a browser.

use functions::ENDPOINTS;
use serde_json::{Value, json};

use crate::{for_every_set, properties};

#[test]
fn the_access_log_has_no_personal_data_unless_it_is_asked_for() {
    for_every_set(|_, template| {
        let format = properties(template, "ApiApiGatewayDefaultStage")["AccessLogSettings"]["Format"].as_str().unwrap();
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
            expected.push("$context.identity.sourceIp");
        }
        expected.sort_unstable();
        assert_eq!(fields, expected);
        // The filter on the gateway's own 429 reads them.
        assert_eq!(line["status"], "$context.status");
        assert_eq!(line["functionStatus"], "$context.integration.integrationStatus");
        let pattern = &properties(template, "ApiTooManyRequests")["FilterPattern"];
        assert_eq!(pattern, r#"{ $.status = "429" && $.functionStatus = "-" }"#);
        assert!(!format.contains('\n'), "one line");
    });
}

#[test]
fn browsers_may_call_every_route_from_the_given_origins_and_none_without() {
    for_every_set(|set, template| {
        let body = properties(template, "Api")["Body"].as_object().unwrap();
        let Some(cors) = body.get("x-amazon-apigateway-cors") else {
            assert_ne!(set, "everything");
            return;
        };
        assert_eq!(set, "everything");
        assert_eq!(cors["allowOrigins"], json!(["https://app.example.com", "https://example.org"]));
        for endpoint in ENDPOINTS {
            assert!(cors["allowMethods"].as_array().unwrap().contains(&json!(endpoint.method)), "{}", endpoint.method);
        }
    });
}
