//! The list of all endpoints. The local gateway, the tests, the fuzz targets and the checks of the
//! template, the contract and the documentation go over it.

use shared::http::Endpoint;

/// All endpoints of the API.
pub static ENDPOINTS: [&Endpoint; 9] = [
    &list_clients::ENDPOINT,
    &list_changes::ENDPOINT,
    &create_client::ENDPOINT,
    &get_client::ENDPOINT,
    &put_client::ENDPOINT,
    &update_client::ENDPOINT,
    &delete_client::ENDPOINT,
    &restore_client::ENDPOINT,
    &batch_clients::ENDPOINT,
];
