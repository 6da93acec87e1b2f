import Foundation
import Testing
import XlingCore

/// A run that is stopped and resumed has the checkpoint of one that never was.
@Suite("interrupted alignment")
struct InterruptedAlignmentTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  private func arguments(_ output: String) -> [String] {
    bench.align(
      "lwa", output, ["--steps", "300", "--checkpoint-every", "20", "--augment", "mild", "--json"])
  }

  private func checkpoint(_ result: XlingBinary.Result) throws -> String? {
    #expect(result.status == 0, "\(result.stderr)")
    return try Parsed.object(result.stdout)["checkpoint"] as? String
  }

  /// Starts, and stops the process by `signal` after its first checkpoint.
  private func stop(_ output: String, by signal: Int32) throws -> XlingBinary.Result {
    let running = try bench.start(arguments(output))
    let deadline = ProgressBar.uptime() + 60
    while !bench.names(in: output + "/checkpoints").contains(where: { !$0.contains(".partial") }),
      running.process.isRunning, ProgressBar.uptime() < deadline
    {
      usleep(2_000)
    }
    kill(running.process.processIdentifier, signal)
    return try running.result()
  }

  @Test func aKilledRunResumesToTheSameBits() throws {
    let expected = try checkpoint(try bench.xling(arguments("runs/whole")))
    #expect(try stop("runs/killed", by: SIGKILL).status == 137)
    #expect(!bench.exists("runs/killed/checkpoints/step-00000300"))
    // A write under way when the power went: never taken for a checkpoint.
    try AtomicFile.createFolder(bench.path + "/runs/killed/checkpoints/step-00000299.partial")
    let unfinished = try bench.xling(
      ["eval", "runs/killed", "--data", "scenes", "--lang", "tr"])
    #expect(unfinished.status == 65)
    #expect(unfinished.stderr.contains("of 300. Finish it by `xling align --resume`."))
    let resumed = try bench.xling(arguments("runs/killed") + ["--resume"])
    #expect(try checkpoint(resumed) == expected)
    let list = try Parsed.list(try bench.xling(["runs", "--json"]).stdout)
    #expect(list.map { $0["status"] as? String } == ["finished", "finished"])
  }

  /// Kernels decide the last bits: a cluster's next node may have others.
  @Test func whoGoesOnWithOtherKernelsIsTold() throws {
    #expect(try stop("runs/one", by: SIGINT).status == 130)
    let resumed = try bench.xling(
      arguments("runs/one") + ["--resume"], shell: "export OPENBLAS_CORETYPE=Sandybridge")
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(resumed.stderr.contains("warning: runs/one goes on after step "))
    #expect(
      resumed.stderr.contains("with other arithmetic (kernels Sandybridge) than it had (kernels "))
    #expect(resumed.stderr.contains(". OPENBLAS_CORETYPE="))
    #expect(try bench.xling(["show", "runs/one"]).stdout.contains(", then Sandybridge"))
    #expect(try bench.xling(["check", "runs/one"]).status == 0)
  }

  @Test func controlCSavesAndSaysHowToGoOn() throws {
    let stopped = try stop("runs/one", by: SIGINT)
    #expect(stopped.status == 130)
    #expect(stopped.stdout.isEmpty)
    #expect(stopped.stderr.hasPrefix("xling: error: interrupted: aligned "))
    #expect(
      stopped.stderr.hasSuffix(
        "--json --resume\n"))
    #expect(
      stopped.stderr.contains(
        "of 300 steps, saved in runs/one. To go on: xling align --method lwa --data scenes"))
    let list = try Parsed.list(try bench.xling(["runs", "--json"]).stdout)
    #expect(list.first?["status"] as? String == "interrupted")

    let otherwise = try bench.xling(arguments("runs/one") + ["--resume", "--seed", "2"])
    #expect(otherwise.status == 64)
    #expect(otherwise.stderr.contains("was begun otherwise; these differ: seed."))
    let whole = try checkpoint(try bench.xling(arguments("runs/whole")))
    #expect(try checkpoint(try bench.xling(arguments("runs/one") + ["--resume"])) == whole)
  }
}
