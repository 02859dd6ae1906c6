//! The bucket of checkpoints: who reaches it, how it is protected, and that it can be off.

use domain::limits::LONGEST_GAP;
use end_to_end::template::Template;
use serde_json::{Value, json};
use shared::objects::PREFIX;

use crate::{endpoints, for_every_set, permissions::statements, properties, resources};

/// The statements of a function's role about a service.
fn of_service<'a>(template: &'a Value, function: &str, service: &str) -> Vec<&'a Value> {
    let mut statements = statements(template, &format!("{function}FunctionRole"));
    statements.retain(|statement| {
        let action = &statement["Action"];
        action.get(0).unwrap_or(action).as_str().is_some_and(|action| action.starts_with(service))
    });
    statements
}

#[test]
fn list_clients_alone_reaches_the_bucket_and_of_its_objects_those_with_the_prefix() {
    for_every_set(|_, template| {
        for (function, _) in endpoints::by_logical_name() {
            let bucket = properties(template, &format!("{function}Function"))["Environment"]["Variables"]
                .get("CHECKPOINTS_BUCKET")
                .cloned();
            let statements = of_service(template, &function, "s3:");
            if function == "ListClients" {
                assert_eq!(bucket, Some(json!("${CheckpointsBucket}")));
                let allowed: Vec<_> = statements.iter().map(|one| (&one["Action"], &one["Resource"])).collect();
                let objects = json!(format!("${{CheckpointsBucket.Arn}}/{PREFIX}*"));
                assert_eq!(
                    allowed,
                    [
                        (&json!(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]), &objects),
                        (&json!("s3:ListBucket"), &json!("${CheckpointsBucket.Arn}")),
                    ]
                );
                assert!(statements.iter().all(|one| one.get("Condition").is_none()), "absent would be forbidden");
            } else {
                assert_eq!((bucket, statements.len()), (None, 0), "{function}");
            }
        }
        assert_eq!(template["Outputs"]["CheckpointsBucketName"]["Value"], "${CheckpointsBucket}");
    });
}

#[test]
fn objects_are_private_encrypted_and_gone_when_they_are_of_no_use() {
    for_every_set(|set, template| {
        let bucket = properties(template, "CheckpointsBucket");
        let blocked = bucket["PublicAccessBlockConfiguration"].as_object().unwrap();
        assert!(blocked.len() == 4 && blocked.values().all(|blocked| blocked == true));
        assert_eq!(bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced");
        assert!(bucket.get("VersioningConfiguration").is_none(), "a version would keep what is erased");
        let rule = &bucket["LifecycleConfiguration"]["Rules"][0];
        assert_eq!((&rule["Status"], rule.get("Prefix")), (&json!("Enabled"), None), "of all objects");
        let days = rule["ExpirationInDays"].as_u64().unwrap();
        let longest = LONGEST_GAP.as_secs() / (24 * 60 * 60);
        assert!((longest + 1..longest + 3).contains(&days), "{days} days, and a checkpoint is used for {longest}");

        let policy = &properties(template, "CheckpointsBucketPolicy")["PolicyDocument"]["Statement"];
        let deny = json!({
            "Sid": "OnlyOverTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["${CheckpointsBucket.Arn}", "${CheckpointsBucket.Arn}/*"],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        });
        assert_eq!(*policy, json!([deny]));

        let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
        let by_default = &encryption["ServerSideEncryptionByDefault"];
        let of_key = statements(template, "ListClientsFunctionRole")
            .into_iter()
            .find(|statement| statement["Sid"] == "EncryptAndDecryptCheckpoints");
        if set == "everything" {
            let key = &template["Parameters"]["EncryptionKeyArn"];
            assert_eq!((&by_default["SSEAlgorithm"], &by_default["KMSMasterKeyID"]), (&json!("aws:kms"), key));
            assert_eq!(encryption["BucketKeyEnabled"], true);
            let statement = of_key.expect("the function may use the key");
            assert_eq!(statement["Resource"], *key);
            assert_eq!(statement["Action"], json!(["kms:Decrypt", "kms:GenerateDataKey"]));
            // With a bucket key, the bucket is the context of every object.
            let condition = &statement["Condition"]["StringEquals"];
            assert_eq!(condition["kms:EncryptionContext:aws:s3:arn"], "${CheckpointsBucket.Arn}");
            assert_eq!(condition["kms:ViaService"], "s3.eu-west-1.amazonaws.com");
        } else {
            assert_eq!((&by_default["SSEAlgorithm"], of_key), (&json!("AES256"), None));
        }
    });
}

#[test]
fn the_bucket_and_its_policy_outlive_the_stack() {
    for_every_set(|_, template| {
        for resource in ["CheckpointsBucket", "CheckpointsBucketPolicy"] {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                assert_eq!(template["Resources"][resource][policy], "Retain", "{resource}");
            }
        }
        assert!(
            properties(template, "CheckpointsBucket").get("BucketName").is_none(),
            "a kept one would be in the way"
        );
    });
}

#[test]
fn turned_off_nothing_of_them_is_left() {
    for set in ["default", "everything"] {
        let Some(template) = Template::translated(set) else { return };
        let template = template.resolved(&[("Checkpoints", "off")]);
        assert_eq!(resources(&template, "AWS::S3::Bucket").count(), 0);
        assert_eq!(resources(&template, "AWS::S3::BucketPolicy").count(), 0);
        for text in ["s3:", "${CheckpointsBucket", "CHECKPOINTS_BUCKET", "DescribeTable"] {
            let functions = resources(&template, "AWS::IAM::Role").filter(|(name, _)| name.ends_with("FunctionRole"));
            let roles: String = functions.map(|(_, role)| role.to_string()).collect();
            let functions = resources(&template, "AWS::Lambda::Function").map(|(_, function)| function.to_string());
            let resources = roles + &functions.collect::<String>() + &template["Outputs"].to_string();
            assert!(!resources.contains(text), "{set}: {text}");
        }
    }
}
