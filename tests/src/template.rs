//! `template.yaml` as CloudFormation receives it: translated by `.ci/translate-template`, then resolved here
//! (parameters, conditions, intrinsic functions).
//!
//! `TRANSLATED_TEMPLATE` names the folder of the translations. Without it, tests that need one are skipped
//! on a developer's machine, which may have no translator (Python), and fail in CI.

use std::{collections::HashMap, env, fs, path::Path};

use serde_json::{Map, Value, json};

/// The variable that names the folder of the translations.
const TRANSLATED_TEMPLATE: &str = "TRANSLATED_TEMPLATE";

/// The parameter sets that `.ci/translate-template` writes: the template's defaults, the stages of
/// `samconfig.toml`, and all options on.
pub const SETS: [&str; 4] = ["default", "staging", "prod", "everything"];

/// A translation. The defaults of its parameters are the values of its set.
#[derive(Clone, Debug)]
pub struct Template {
    /// The translation, unresolved.
    pub document: Value,
}

impl Template {
    /// Reads the translation for a parameter set. `None` if there are no translations, and says so.
    ///
    /// # Panics
    /// If the file cannot be read, and in CI if the variable is not set.
    #[must_use]
    #[allow(clippy::panic, reason = "a test fails by it")]
    pub fn translated(set: &str) -> Option<Self> {
        let Ok(folder) = env::var(TRANSLATED_TEMPLATE) else {
            let is_ci = env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!is_ci, "{TRANSLATED_TEMPLATE} is not set");
            eprintln!("skipped: {TRANSLATED_TEMPLATE} is not set (.ci/translate-template writes the translations)");
            return None;
        };
        let path = Path::new(&folder).join(format!("{set}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Some(Self { document: serde_json::from_str(&text).expect("a translation is JSON") })
    }

    /// Resolves the translation as CloudFormation would: `Parameters` have their values, `Resources` and
    /// `Outputs` are those whose conditions hold.
    ///
    /// Values that only AWS knows stay symbols: `${Table}` for a reference to a resource, `${Table.Arn}` for
    /// an attribute of one.
    ///
    /// # Panics
    /// If the template uses a function that is unknown here.
    #[must_use]
    pub fn resolved(&self, parameters: &[(&str, &str)]) -> Value {
        let (scope, values) = self.scope(parameters);
        let there = |section: &str| -> Map<String, Value> {
            let all = self.document[section].as_object().expect("a section");
            let there =
                all.iter().filter(|(_, one)| one["Condition"].as_str().is_none_or(|name| scope.condition(name)));
            there.filter_map(|(name, one)| Some((name.clone(), scope.value(one)?))).collect()
        };
        json!({ "Parameters": values, "Resources": there("Resources"), "Outputs": there("Outputs") })
    }

    /// The descriptions of the rules' assertions that these parameters violate.
    #[must_use]
    pub fn violated_rules(&self, parameters: &[(&str, &str)]) -> Vec<&str> {
        let (scope, _) = self.scope(parameters);
        let rules = self.document["Rules"].as_object().into_iter().flat_map(Map::values);
        let active = rules.filter(|rule| rule["RuleCondition"].is_null() || scope.holds(&rule["RuleCondition"]));
        let assertions = active.flat_map(|rule| rule["Assertions"].as_array().into_iter().flatten());
        assertions.filter(|one| !scope.holds(&one["Assert"])).map(|one| text(&one["AssertDescription"])).collect()
    }

    fn scope(&self, parameters: &[(&str, &str)]) -> (Scope<'_>, Map<String, Value>) {
        let mut names: HashMap<String, Value> = [
            ("AWS::AccountId", "111122223333"),
            ("AWS::Partition", "aws"),
            ("AWS::Region", "eu-west-1"),
            ("AWS::StackName", "clients-api"),
            ("AWS::URLSuffix", "amazonaws.com"),
        ]
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .into();
        let mut values = Map::new();
        for (name, parameter) in self.document["Parameters"].as_object().expect("parameters") {
            let given = parameters.iter().find(|(given, _)| given == name);
            let value = given.map_or_else(|| parameter["Default"].clone(), |(_, value)| json!(value));
            names.insert(name.clone(), value.clone());
            values.insert(name.clone(), value);
        }
        (Scope { names, conditions: &self.document["Conditions"] }, values)
    }
}

struct Scope<'a> {
    names: HashMap<String, Value>,
    conditions: &'a Value,
}

impl Scope<'_> {
    fn condition(&self, name: &str) -> bool {
        let condition = &self.conditions[name];
        assert!(!condition.is_null(), "no condition {name}");
        self.holds(condition)
    }

    fn holds(&self, condition: &Value) -> bool {
        let (function, argument) = only(condition).expect("a condition is a function");
        let list = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match function {
            "Condition" => self.condition(text(argument)),
            "Fn::Not" => !self.holds(&list[0]),
            "Fn::And" => list.iter().all(|one| self.holds(one)),
            "Fn::Or" => list.iter().any(|one| self.holds(one)),
            // CloudFormation compares texts, also those of numbers.
            "Fn::Equals" => self.said(&list[0]) == self.said(&list[1]),
            _ => unreachable!("the condition {function}"),
        }
    }

    /// Resolves a value. `None` is `AWS::NoValue`.
    fn value(&self, value: &Value) -> Option<Value> {
        if let Some((function, argument)) = only(value)
            && (function == "Ref" || function.starts_with("Fn::"))
        {
            return self.function(function, argument);
        }
        Some(match value {
            Value::Array(items) => items.iter().filter_map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                fields.iter().filter_map(|(name, field)| Some((name.clone(), self.value(field)?))).collect()
            }
            other => other.clone(),
        })
    }

    fn function(&self, function: &str, argument: &Value) -> Option<Value> {
        let list = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        Some(match function {
            "Ref" if argument == "AWS::NoValue" => return None,
            "Ref" => self.named(text(argument)),
            "Fn::GetAtt" => json!(format!("${{{}.{}}}", text(&list[0]), text(&list[1]))),
            "Fn::If" => return self.value(&list[if self.condition(text(&list[0])) { 1 } else { 2 }]),
            "Fn::Sub" => match argument {
                Value::String(pattern) => self.substituted(pattern, &Map::new()),
                _ => {
                    let own = self.value(&list[1])?;
                    self.substituted(text(&list[0]), own.as_object().expect("values for Fn::Sub"))
                }
            },
            "Fn::Join" => {
                let parts = self.value(&list[1])?;
                let parts: Vec<_> = parts.as_array().expect("parts to join").iter().map(said).collect();
                json!(parts.join(text(&list[0])))
            }
            "Fn::Split" => json!(self.said(&list[1]).split(text(&list[0])).collect::<Vec<_>>()),
            "Fn::Select" => {
                let from = self.value(&list[1])?;
                let index = self.said(&list[0]).parse::<usize>().expect("an index");
                // A symbol cannot be split, and stands for its parts.
                from.get(index).unwrap_or(&from[0]).clone()
            }
            _ => unreachable!("the function {function}"),
        })
    }

    fn named(&self, name: &str) -> Value {
        self.names.get(name).cloned().unwrap_or_else(|| json!(format!("${{{name}}}")))
    }

    fn substituted(&self, pattern: &str, own: &Map<String, Value>) -> Value {
        let mut result = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').expect("a closed ${");
            result += before;
            result += &said(&own.get(name).cloned().unwrap_or_else(|| self.named(name)));
            rest = after;
        }
        json!(result + rest)
    }

    fn said(&self, value: &Value) -> String {
        said(&self.value(value).expect("a value"))
    }
}

/// The name of a function's resources in the template: `GetClient` for `get-client`.
#[must_use]
pub fn logical_name(function: &str) -> String {
    let capitalized = |word: &str| word[..1].to_uppercase() + &word[1..];
    function.split('-').map(capitalized).collect()
}

/// The only field of an object of one.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    fields.iter().next().map(|(name, field)| (name.as_str(), field))
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Lists every name that a value refers to by `Ref`, `Fn::GetAtt`, `Fn::Sub` or a condition, at any depth.
#[must_use]
pub fn references(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_references(value, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match (only(value), value) {
        (Some(("Ref" | "Condition", Value::String(name))), _) => found.push(name.clone()),
        (Some(("Fn::GetAtt", Value::Array(path))), _) => found.push(text(&path[0]).to_owned()),
        (Some((function @ ("Fn::Sub" | "Fn::If"), argument)), _) => {
            match argument {
                Value::Array(list) if function == "Fn::If" => found.push(text(&list[0]).to_owned()),
                Value::Array(list) => collect_placeholders(text(&list[0]), found),
                pattern => collect_placeholders(text(pattern), found),
            }
            argument.as_array().into_iter().flatten().for_each(|one| collect_references(one, found));
        }
        (_, Value::Array(items)) => items.iter().for_each(|item| collect_references(item, found)),
        (_, Value::Object(fields)) => fields.values().for_each(|field| collect_references(field, found)),
        _ => {}
    }
}

fn collect_placeholders(pattern: &str, found: &mut Vec<String>) {
    let names = pattern.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    found.extend(names.map(|(name, _)| name.split('.').next().unwrap_or(name).to_owned()));
}
