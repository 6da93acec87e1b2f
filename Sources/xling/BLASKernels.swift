import Foundation
import XlingCore
import XlingTensor

/// OpenBLAS chooses its kernels as it is loaded, before any line of this program.
enum BLASKernels {
  /// Where OpenBLAS did not know the processor, starts the program anew with the kernels named
  /// (some 10 ms). A user's own choice in the environment stands, unless the processor cannot run it:
  /// then that is told, and OpenBLAS chooses. Where the start fails, the program goes on with what
  /// there is, if that runs.
  static func choose() {
    if let asked = getenv(Matmul.coreVariable).map({ String(cString: $0) }) {
      guard !Matmul.coreRuns else { return }
      let asked = TerminalText.visible(asked)
      ProgressBar.toStandardError(
        "xling: warning: \(Matmul.coreVariable) is \(asked), kernels that this processor cannot run: "
          + "OpenBLAS chooses by itself. Unset the variable.\n")
      unsetenv(Matmul.coreVariable)
      startAnew()
      exit(ExitStatus.usage.rawValue)
    }
    guard let core = Matmul.overlookedCore else { return }
    setenv(Matmul.coreVariable, core, 1)
    startAnew()
  }

  /// Returns only where that fails.
  private static func startAnew() {
    // A product takes one thread: its own others would only turn in circles while this one starts.
    setenv("OPENBLAS_NUM_THREADS", "1", 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  }
}
