//! JSON
mod build;
mod text;
mod token;
