import Foundation
import XlingTensor

/// OpenBLAS chooses its kernels as it is loaded, before any line of this program.
enum BLASKernels {
  /// Where OpenBLAS did not know the processor, starts the program anew with the kernels named
  /// (some 10 ms). A user's own choice in the environment stands. Where that fails, the program
  /// goes on with what there is.
  static func choose() {
    guard getenv(Matmul.coreVariable) == nil, let core = Matmul.overlookedCore else { return }
    setenv(Matmul.coreVariable, core, 1)
    // A product takes one thread: its own others would only turn in circles while this one starts.
    setenv("OPENBLAS_NUM_THREADS", "1", 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
  }
}
