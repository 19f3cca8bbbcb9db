//! The server: two listeners, API and console, with what every request passes through.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::{self, Next};
use actix_web::{App, Error, HttpMessage as _, HttpResponse, HttpServer, web};
use askama::Template as _;
use rustls::ServerConfig;

use super::frame::{Frame, Nonce, ProblemPage};
use super::squeeze;
use crate::foundation::house::House;
use crate::foundation::problem::{Problem, REQUEST};

/// Who is on the other side of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Business systems.
    Api,
    /// People.
    Console,
}

/// The sockets of both listeners.
pub struct Listeners {
    /// For business systems.
    pub api: TcpListener,
    /// For people.
    pub console: TcpListener,
}

impl Listeners {
    /// Binds both; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// Those of binding.
    pub fn bind(api: SocketAddr, console: SocketAddr) -> std::io::Result<Self> {
        Ok(Self { api: TcpListener::bind(api)?, console: TcpListener::bind(console)? })
    }
}

/// Starts both listeners; `routes` adds the URLs of one of them.
///
/// # Errors
///
/// Those of listening.
pub fn serve(
    listeners: Listeners,
    tls: &ServerConfig,
    house: &House,
    routes: impl Fn(Listener, &mut web::ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<(Server, Server)> {
    let api = listen(listeners.api, tls, house.clone(), Listener::Api, routes.clone())?;
    let console = listen(listeners.console, tls, house.clone(), Listener::Console, routes)?;
    Ok((api, console))
}

fn listen(
    socket: TcpListener,
    tls: &ServerConfig,
    house: House,
    listener: Listener,
    routes: impl Fn(Listener, &mut web::ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<Server> {
    let house = web::Data::new(house);
    let server = HttpServer::new(move || {
        let routes = routes.clone();
        App::new()
            .app_data(house.clone())
            .app_data(web::Data::new(listener))
            .app_data(web::PayloadConfig::new(64 * 1024))
            .app_data(web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
            .app_data(
                web::QueryConfig::default()
                    .error_handler(|cause, _| Problem::malformed(cause).into()),
            )
            .app_data(
                web::JsonConfig::default()
                    .error_handler(|cause, _| Problem::malformed(cause).into()),
            )
            .wrap(middleware::from_fn(around))
            .configure(move |config| routes(listener, config))
            .default_service(web::to(|| async { Err::<HttpResponse, _>(Problem::not_found()) }))
    })
    .workers(2)
    .max_connections(2000)
    .tls_handshake_timeout(Duration::from_secs(3))
    .client_request_timeout(Duration::from_secs(5))
    .client_disconnect_timeout(Duration::from_secs(2))
    .keep_alive(Duration::from_secs(60))
    .shutdown_timeout(15)
    .disable_signals()
    .listen_rustls_0_23(socket, tls.clone())?;
    Ok(server.run())
}

/// What every request passes through: an id, a word for the script, headers, and for people a
/// page instead of a problem document.
async fn around(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let house = House::of(req.request()).clone();
    let listener = listener_of(&req);
    let id = uuid::Builder::from_random_bytes(house.random.bytes()).into_uuid().to_string();
    let nonce =
        uuid::Builder::from_random_bytes(house.random.bytes()).into_uuid().simple().to_string();
    req.extensions_mut().insert(Nonce(nonce.clone()));
    let gzip = listener == Listener::Console && squeeze::accepted(req.headers());
    if encoded(&req) {
        let problem = Problem::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-encoding");
        return Ok(req.error_response(problem).map_into_boxed_body());
    }
    let served = REQUEST.scope(id.clone(), next.call(req)).await;
    let mut response = match served {
        Ok(response) => response.map_into_boxed_body(),
        Err(error) => return Err(error),
    };
    if listener == Listener::Console {
        response = as_page(response, &id);
        if gzip {
            response = squeeze::squeezed(response);
        }
    }
    add_headers(response.headers_mut(), listener, &nonce, &id);
    if listener == Listener::Api
        && response.status() == StatusCode::CREATED
        && house.store.is_single_node()
    {
        let name = HeaderName::from_static("chayan-durability");
        response.headers_mut().insert(name, HeaderValue::from_static("single-node"));
    }
    Ok(response)
}

fn listener_of(req: &ServiceRequest) -> Listener {
    req.app_data::<web::Data<Listener>>().map_or(Listener::Api, |listener| ***listener)
}

/// No decompressor is compiled in: anything but `identity` is refused (`security.md` E4).
fn encoded(req: &ServiceRequest) -> bool {
    let encoding = req.headers().get(header::CONTENT_ENCODING);
    encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// A problem on the console becomes a page in the reader's language.
fn as_page(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    let problem = response.response().extensions().get::<Problem>().cloned();
    let Some(problem) = problem.filter(|problem| !problem.status().is_redirection()) else {
        return response;
    };
    let accept = response.request().headers().get(header::ACCEPT);
    if accept.is_some_and(|accept| accept.as_bytes() == b"application/json") {
        // A script of ours asks, not a person.
        return response;
    }
    let key = format!("problem-{}", problem.name());
    let page = ProblemPage {
        f: Frame::of(response.request(), "problem-title"),
        status: problem.status().as_u16(),
        key,
        detail: problem.detail().unwrap_or_default().to_owned(),
        request: id.to_owned(),
    };
    let Ok(html) = page.render() else { return response };
    let mut answer = HttpResponse::build(problem.status());
    answer.content_type("text/html; charset=utf-8");
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(later) = response.headers().get(header::RETRY_AFTER) {
        answer.insert_header((header::RETRY_AFTER, later.clone()));
    }
    response.into_response(answer.body(html))
}

fn add_headers(headers: &mut header::HeaderMap, listener: Listener, nonce: &str, id: &str) {
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    set("strict-transport-security", "max-age=31536000; includeSubDomains");
    set("x-request-id", id);
    if listener == Listener::Console {
        set("cross-origin-opener-policy", "same-origin");
        set("cross-origin-resource-policy", "same-origin");
        set(
            "content-security-policy",
            &format!(
                "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; \
                 img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                 object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError as _;
    use actix_web::test::TestRequest;

    use super::*;

    #[actix_web::test]
    async fn a_page_that_says_later_says_when() {
        let problem = Problem::later("temporary-reduced-capacity", 30);
        let request = TestRequest::get().to_http_request();
        let page = as_page(ServiceResponse::new(request, problem.error_response()), "id");
        let header = |name| page.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!(header(header::RETRY_AFTER), Some("30"));
        assert_eq!(header(header::CONTENT_TYPE), Some("text/html; charset=utf-8"));
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
