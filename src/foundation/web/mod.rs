//! The web server and the furniture of a console page.

mod assets;
mod export;
mod form;
mod frame;
mod limits;
mod server;
pub mod session;
mod squeeze;
mod text;
mod tls;
mod upload;

pub use assets::console;
pub use export::{Cell, FileForm, MOST_ROWS, Row, Rows, Sheet, export};
pub use form::{Form, must_be_scripted};
pub use frame::{Demonstration, Frame, Navigation, Side, Visitor, page};
pub use limits::{BodyLimit, read_body};
pub use server::{Listener, Listeners, serve};
pub use text::{LANGUAGE_COOKIE, Lang};
pub use tls::{TlsFault, server_config};
pub use upload::{Upload, UploadFault, UploadLimit, UploadedFile, read_upload};
