//! The parts of the stack that cost money without a request, counted in `template.yaml`.

use std::collections::HashSet;

use saphyr::{LoadableYamlNode, Yaml};
use shared::telemetry::METRICS;

use super::prices::{ALARM_METRIC, DASHBOARD, METRIC};

const TEMPLATE: &str = include_str!("../../../template.yaml");
/// The detailed metrics of a route: `Count`, `4xx`, `5xx`, `Latency`, `IntegrationLatency`, `DataProcessed`.
const METRICS_OF_A_ROUTE: usize = 6;

/// The stack's cost in a month: each part and its dollars.
pub(crate) fn fixed() -> Vec<(String, f64)> {
    let template = Yaml::load_from_str(TEMPLATE).expect("the template is YAML").remove(0);
    let resources = template["Resources"].as_mapping().expect("the template has resources");
    let of_type = |name: &str| -> Vec<&Yaml<'_>> {
        let of_type = resources.values().filter(|resource| resource["Type"].as_str() == Some(name));
        of_type.map(|resource| &resource["Properties"]).collect()
    };
    let alarms = of_type("AWS::CloudWatch::Alarm");
    let watched = alarms.iter().map(|alarm| match alarm.as_mapping_get("Metrics").and_then(Yaml::as_sequence) {
        // One is there on a condition: `!If [HasPages, metric, …]`.
        Some(metrics) => {
            let metrics = metrics.iter().map(|metric| match metric {
                Yaml::Tagged(_, choice) => &choice[1],
                metric => metric,
            });
            metrics.filter(|metric| metric.as_mapping_get("MetricStat").is_some()).count()
        }
        None => 1,
    });
    let (alarms, watched): (usize, usize) = (alarms.len(), watched.sum());
    let dashboards = of_type("AWS::CloudWatch::Dashboard").len();
    let functions = of_type("AWS::Serverless::Function");
    // The pages send none of our metrics.
    let sending = functions.iter().filter(|function| function["CodeUri"].as_str() != Some("functions/pages")).count();
    let filters = of_type("AWS::Logs::MetricFilter");
    let filtered: HashSet<&Yaml<'_>> =
        filters.iter().map(|filter| &filter["MetricTransformations"][0]["MetricName"]).collect();
    // These functions send all metrics, but only lists send `replica_loads` and `checkpoints_refused`, and in their lines
    // of upkeep `replica_differences`.
    let custom = (METRICS.len() - 2) * sending + 3 + filtered.len();
    let events =
        functions.iter().filter_map(|function| function["Events"].as_mapping()).flat_map(|events| events.values());
    let routes = events.filter(|event| event["Type"].as_str() == Some("HttpApi"));
    // Hardly anybody sends HEAD, and metrics cost in hours with requests.
    let routes = routes.filter(|event| event["Properties"]["Method"].as_str() != Some("HEAD")).count();
    let detailed = of_type("AWS::Serverless::HttpApi")
        .iter()
        .any(|api| api["DefaultRouteSettings"]["DetailedMetricsEnabled"].as_bool() == Some(true));
    let detailed = if detailed { routes * METRICS_OF_A_ROUTE } else { 0 };
    [
        (format!("alarms: {alarms}, on {watched} metrics"), watched, ALARM_METRIC),
        (format!("dashboards: {dashboards}"), dashboards, DASHBOARD),
        (format!("custom metrics: {custom}, in hours with requests"), custom, METRIC),
        (format!("detailed metrics of {routes} routes: {detailed}, in hours with requests"), detailed, METRIC),
    ]
    .map(|(name, count, price)| (name, count as f64 * price))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_stack_is_found() {
        let dollars: Vec<f64> = fixed().into_iter().map(|(_, dollars)| dollars).collect();
        // An alarm of each function; one dashboard; metrics and a route of each function.
        let functions = functions::ENDPOINTS.len() as f64;
        let least = [functions * ALARM_METRIC, DASHBOARD, functions * METRIC, functions * 6.0 * METRIC];
        assert!(dollars.iter().zip(least).all(|(dollars, least)| *dollars >= least), "{dollars:?}");
    }
}
