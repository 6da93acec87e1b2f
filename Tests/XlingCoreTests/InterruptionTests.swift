import Foundation
import Testing
import XlingCore

/// Signals and the flag they set belong to the whole process, and all tests share one: each of these
/// runs in a process of its own, lest a test beside it be told to stop.
@Suite("Interruption")
struct InterruptionTests {
  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalIsSeenAndForgotten(_ number: Int32) async {
    await #expect(processExitsWith: .success) { [number] in
      Interruption.watch()
      #expect(!Interruption.requested)
      try Interruption.check("step 1", resume: "xling align")
      kill(getpid(), number)
      // Delivered to any thread, at the latest when this one comes back from the kernel once more.
      for _ in 0..<1000 where !Interruption.requested { usleep(1000) }
      #expect(Interruption.requested)
      let expected = InterruptionFailure.interrupted(
        work: "step 2", resume: "xling align --resume r1")
      #expect(throws: expected) {
        try Interruption.check("step 2", resume: "xling align --resume r1")
      }
      #expect(expected.exitStatus.rawValue == 130)
      #expect(expected.description.hasSuffix("To go on: xling align --resume r1"))
      Interruption.unwatch()
      #expect(!Interruption.requested)
    }
  }
}
