//! How instances are used, and what one request can do to another.

use std::io::Read;
use std::thread;

use super::server::{Server, count, eventually, guest, read};

const ADMIN: [&str; 2] = ["--admin-addr", "127.0.0.1:0"];

#[test]
fn a_blocked_task_does_not_stall_the_others_of_its_instance() {
    let server = Server::of_faults(&[]);
    let first = count(&server.answer("/counts"), "instance");
    let _hanging: Vec<_> = (0..10).map(|_| server.ask("/hang")).collect();
    eventually(|| count(&server.answer("/counts"), "requests").parse::<u32>().expect("a number") > 10);
    assert_eq!(count(&server.answer("/counts"), "instance"), first);
}

#[test]
fn instances_take_as_many_requests_at_once_as_they_may() {
    let options = [&ADMIN[..], &["--max-instance-concurrent-reuse-count", "2"]].concat();
    let server = Server::of_faults(&options);
    let hanging: Vec<_> = (0..6).map(|_| server.ask("/hang")).collect();
    server.wait_for("thalweg_requests_active", 6);
    // Three for the requests, and a spare one.
    server.wait_for("thalweg_instances_total", 4);
    drop(hanging);
    server.wait_for("thalweg_requests_active", 0);
}

#[test]
fn a_trap_does_not_touch_other_instances() {
    let server = Server::of_faults(&["--max-instance-concurrent-reuse-count", "1"]);
    let others: Vec<_> = (0..4).map(|_| server.ask("/slow-body?ms=100&chunks=5")).collect();
    for _ in 0..3 {
        assert!(server.answer("/trap-before").contains(" 500 "));
    }
    for other in others {
        let answer = read(other).expect("a whole answer");
        assert_eq!(answer.matches("a chunk").count(), 5, "{answer}");
        assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
    }
}

#[test]
fn a_client_that_goes_away_cancels_its_task() {
    let server = Server::of_faults(&ADMIN);
    server.answer("/counts");
    for (path, cancelled) in [("/hang", "1"), ("/slow-body?ms=10&chunks=100000", "2"), ("/big?bytes=1000000000", "3")] {
        let mut stream = server.ask(path);
        server.wait_for("thalweg_requests_active", 1);
        if path != "/hang" {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a byte");
        }
        drop(stream);
        eventually(|| count(&server.answer("/counts"), "cancelled") == cancelled);
    }
    assert_eq!(server.figure("thalweg_unfinished_total{by=\"client\"}"), 3);
}

#[test]
fn an_idle_instance_is_dropped() {
    let server = Server::of_faults(&[&ADMIN[..], &["--idle-instance-timeout", "50ms"]].concat());
    let first = count(&server.answer("/counts"), "instance");
    // Only the spare one is left.
    server.wait_for("thalweg_instances_alive", 1);
    assert_ne!(count(&server.answer("/counts"), "instance"), first);
}

#[test]
fn what_a_component_does_after_its_response_is_let_finish() {
    let server = Server::of_faults(&[&ADMIN[..], &["--idle-instance-timeout", "10ms"]].concat());
    assert!(server.answer("/after?ms=200").ends_with("at once\n"));
    server.signal("TERM");
    let (status, rest) = server.end();
    assert!(status.success(), "{rest}");
}

#[test]
fn a_component_of_0_2_answers_one_request_an_instance() {
    let options = [&ADMIN[..], &["--workers", "1"]].concat();
    let server = Server::start(&options, &guest("http-hello-p2"));
    // A body that does not come keeps one of them busy.
    let _waiting = server.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
    server.wait_for("thalweg_requests_active", 1);
    for _ in 0..5 {
        assert!(server.answer("/").contains("hello, wasi:http 0.2"));
    }
    server.wait_for("thalweg_instances_alive", 2);
    assert_eq!(server.figure("thalweg_instances_total"), 7);
}

#[test]
fn an_instance_of_0_2_that_nobody_waits_for_takes_no_more_requests() {
    let options = [&ADMIN[..], &["--workers", "1", "--max-instance-reuse-count", "100"]].concat();
    let server = Server::start(&options, &guest("http-hello-p2"));
    let waiting = server.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
    server.wait_for("thalweg_requests_active", 1);
    drop(waiting);
    server.wait_for("thalweg_requests_active", 0);
    assert!(server.answer("/").contains("hello, wasi:http 0.2"));
}

#[test]
fn an_instance_of_0_2_that_has_answered_is_free_for_the_next_connection() {
    let options = [&ADMIN[..], &["--workers", "1", "--max-instance-reuse-count", "100"]].concat();
    let server = Server::start(&options, &guest("http-hello-p2"));
    let asked: Vec<_> = (0..50).map(|_| server.ask("/")).collect();
    for one in asked {
        assert!(read(one).expect("a whole answer").contains("hello, wasi:http 0.2"));
    }
    // One for all of them, and a spare one.
    server.wait_for("thalweg_instances_alive", 2);
    assert_eq!(server.figure("thalweg_instances_total"), 2);
}

#[test]
fn every_worker_answers() {
    let server = Server::start(&["--workers", "3"], &guest("http-faults-p3"));
    let mut open = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    // Connections that stay open are spread over the workers.
    eventually(|| {
        open.push(server.ask("/hang"));
        let instance = count(&server.answer("/counts"), "instance");
        if !seen.contains(&instance) {
            seen.push(instance);
        }
        seen.len() >= 3
    });
}

#[test]
fn a_guest_that_computes_holds_up_no_new_connection_while_another_worker_is_free() {
    let server = Server::start(&["--workers", "2", "--request-timeout", "20s"], &guest("http-faults-p3"));
    let _spinning = server.ask("/spin");
    thread::sleep(std::time::Duration::from_millis(200));
    for _ in 0..20 {
        assert!(server.answer("/counts").contains(" 200 "));
    }
}
