/// One command line of xling whose cost matters. Runs in an empty folder of its own, which the
/// runs of one workload share (the first may fill a cache: see `warmups`).
struct Workload: Sendable {
  let name: String
  let arguments: [String]
  /// Runs before the first that counts.
  var warmups = 1
  var repetitions = 5

  /// Plain list: `make bench` times all of them, `xling-bench BINARY NAME...` some.
  static let all = [
    // What every shell completion, script loop and test pays: loading the shared libraries.
    Workload(name: "start", arguments: ["--version"], warmups: 3, repetitions: 30)
  ]
}
