//! Pages of the console go out compressed. A session's secrets stay out of reach of a guess by
//! length: the session cookie is not sent on requests from other sites, and the form token looks
//! different in every page.

use std::io::Write as _;

use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What is shorter is not worth the work.
const LEAST: usize = 1024;

/// Whether the browser takes gzip.
pub(super) fn accepted(headers: &HeaderMap) -> bool {
    let told = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    told.unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        gzip && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The same answer with its text compressed, if it is one of our pages or static files.
pub(super) fn squeezed(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let text = kind.is_some_and(|kind| kind.starts_with("text/html") || is_static(kind));
    if !text || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Err(streamed) => streamed,
        Ok(plain) if plain.len() < LEAST => BoxBody::new(plain),
        Ok(plain) => match gzip(&plain) {
            Ok(packed) => {
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
                BoxBody::new(packed)
            }
            Err(cause) => {
                tracing::error!(%cause, "a page is not compressed: {cause}");
                BoxBody::new(plain)
            }
        },
    };
    ServiceResponse::new(request, response.set_body(body))
}

fn is_static(kind: &str) -> bool {
    ["text/css", "text/javascript", "image/svg+xml"].iter().any(|own| kind.starts_with(own))
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::new(4));
    encoder.write_all(plain)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use actix_web::HttpResponse;
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;

    use super::*;

    fn answer(kind: &'static str, body: String) -> ServiceResponse<BoxBody> {
        let answer = HttpResponse::Ok().content_type(kind).body(body);
        ServiceResponse::new(TestRequest::get().to_http_request(), answer)
    }

    #[actix_web::test]
    async fn a_page_is_compressed_and_reads_the_same() {
        let text = "查验 ".repeat(2000);
        let packed = squeezed(answer("text/html; charset=utf-8", text.clone()));
        let header = |name| packed.headers().get(name).cloned();
        assert_eq!(header(header::CONTENT_ENCODING), Some(HeaderValue::from_static("gzip")));
        assert_eq!(header(header::VARY), Some(HeaderValue::from_static("accept-encoding")));
        let bytes = to_bytes(packed.into_body()).await.unwrap();
        assert!(bytes.len() < text.len() / 20);
        let mut read = String::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
    }

    #[actix_web::test]
    async fn files_and_short_answers_go_out_as_they_are() {
        for (kind, length) in [("text/csv; charset=utf-8", 5000), ("text/html", 10)] {
            let plain = squeezed(answer(kind, "x".repeat(length)));
            assert!(plain.headers().get(header::CONTENT_ENCODING).is_none(), "{kind}");
            assert_eq!(to_bytes(plain.into_body()).await.unwrap().len(), length);
        }
    }

    #[test]
    fn gzip_is_taken_only_where_it_is_named() {
        let told = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
            accepted(&headers)
        };
        assert!(told("gzip, deflate, br") && told("br;q=1.0, gzip;q=0.8"));
        assert!(!told("br, identity") && !told("gzip;q=0") && !accepted(&HeaderMap::new()));
    }
}
