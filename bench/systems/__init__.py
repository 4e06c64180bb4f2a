"""What is found out about systems from outside: bottlenecks, leaks, queries; each beside what is known of them."""
