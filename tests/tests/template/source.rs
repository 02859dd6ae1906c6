//! The template as it is written, which needs no translator.

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Map, Value};

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
