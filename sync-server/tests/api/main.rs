//! The server as desktops and the database see it.

mod audit;
mod audit_desk;
mod audit_verify;
mod auth_enrol;
mod auth_session;
mod auth_token;
mod chart;
mod clinic;
mod demo;
mod desk;
mod doctor;
mod embedded;
mod furnished;
mod isolation;
mod isolation_connections;
mod isolation_push;
mod isolation_routes;
mod isolation_tables;
mod live;
mod operator;
mod prescription;
mod pull;
mod push;
mod read;
mod register;
mod schema;
