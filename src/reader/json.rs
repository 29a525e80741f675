//! JSON
mod token;
