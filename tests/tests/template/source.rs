//! The template as it is written, which needs no translator.

use domain::limits;
use saphyr::{LoadableYamlNode, Yaml};
<<<<<<< HEAD
use serde_json::{Value, json};
=======
use serde_json::{Map, Value};
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)

/// Reads the template without the tags of its functions (`!Ref` and the like).
pub(crate) fn source() -> Value {
    read(include_str!("../../../template.yaml"))
}

/// Reads a template of CloudFormation's.
pub(crate) fn read(yaml: &str) -> Value {
    json(&Yaml::load_from_str(yaml).unwrap()[0])
}

fn json(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Tagged(_, node) => json(node),
        Yaml::Mapping(fields) => {
            let mut object = Map::new();
            for (name, field) in fields {
                match (name.as_str().unwrap(), json(field)) {
                    ("<<", Value::Object(merged)) => object.extend(merged),
                    (name, field) => drop(object.insert(name.to_owned(), field)),
                }
            }
            object.into()
        }
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        scalar => scalar
            .as_bool()
            .map(Value::from)
            .or_else(|| scalar.as_integer().map(Value::from))
            .or_else(|| scalar.as_str().map(Value::from))
            .unwrap_or_default(),
    }
}
