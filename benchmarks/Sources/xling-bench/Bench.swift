import Foundation

/// `xling-bench BINARY [NAME...]`: a table on stdout; with `XLING_BENCH_JSON=FILE` the single runs
/// go there too.
@main
enum Bench {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count >= 2 else { fail("usage: xling-bench BINARY [NAME...]", 64) }
    let names = Set(arguments.dropFirst(2))
    let unknown = names.subtracting(Workload.all.map(\.name))
    guard unknown.isEmpty else {
      let known = Workload.all.map(\.name).joined(separator: ", ")
      fail("no workload \(unknown.sorted().joined(separator: ", ")); there are: \(known)", 64)
    }
    do {
      try run(URL(fileURLWithPath: arguments[1]).path, names)
    } catch {
      fail("\(error)", 74)
    }
  }

  private static func run(_ binary: String, _ names: Set<String>) throws {
    print(row("workload", "runs", "median s", "min s", "max s", "cpu s", "peak MB"))
    var record: [String: [Measurement]] = [:]
    for workload in Workload.all where names.isEmpty || names.contains(workload.name) {
      let runs = try measure(workload, binary)
      record[workload.name] = runs
      let wall = runs.map(\.wallSeconds).sorted()
      print(
        row(
          workload.name, "\(runs.count)", seconds(median(wall)), seconds(wall[0]),
          seconds(wall[wall.count - 1]), seconds(median(runs.map(\.cpuSeconds).sorted())),
          String(format: "%.0f", runs.map(\.peakMegabytes).max() ?? 0)))
    }
    guard let path = ProcessInfo.processInfo.environment["XLING_BENCH_JSON"] else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(record).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  private static func measure(_ workload: Workload, _ binary: String) throws -> [Measurement] {
    let folder = NSTemporaryDirectory() + "/xling-bench-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // glibc 2.36's posix_spawn could change it for the child alone, but Swift does not see that.
    let former = FileManager.default.currentDirectoryPath
    guard FileManager.default.changeCurrentDirectoryPath(folder) else {
      throw MeasurementError.cannotStart(command: binary, reason: "cannot enter \(folder)")
    }
    defer { _ = FileManager.default.changeCurrentDirectoryPath(former) }
    for _ in 0..<workload.warmups {
      _ = try Measurement.of(binary, workload.arguments)
    }
    return try (0..<workload.repetitions).map { _ in
      try Measurement.of(binary, workload.arguments)
    }
  }

  /// Of sorted values, at least one; the mean of the middle two when their number is even.
  private static func median(_ sorted: [Double]) -> Double {
    (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  private static func seconds(_ value: Double) -> String { String(format: "%.4f", value) }

  private static func row(_ name: String, _ cells: String...) -> String {
    cells.reduce(name.padding(toLength: 16, withPad: " ", startingAt: 0)) { line, cell in
      line + String(repeating: " ", count: max(1, 10 - cell.count)) + cell
    }
  }

  private static func fail(_ message: String, _ status: Int32) -> Never {
    FileHandle.standardError.write(Data("xling-bench: \(message)\n".utf8))
    exit(status)
  }
}
