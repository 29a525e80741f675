//! JSON
mod text;
mod token;
