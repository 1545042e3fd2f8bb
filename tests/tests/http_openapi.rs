//! The API's description is that of the code: `CMFLOW_GOLDEN=write cargo test -p cmflow-tests --test http_openapi` writes it
//! anew.

use cmflow_tests::golden;

#[test]
fn the_description_in_the_repository_is_the_codes() {
    golden::check("../../cmflow/openapi.json", &cmflow::serve::http::openapi());
}
