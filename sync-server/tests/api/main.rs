//! The server as desktops and the database see it.

mod auth_enrol;
mod auth_session;
mod auth_token;
mod chart;
mod clinic;
mod demo;
mod desk;
mod doctor;
mod embedded;
mod isolation;
mod isolation_connections;
mod live;
mod operator;
mod prescription;
mod pull;
mod push;
mod read;
mod register;
mod schema;
