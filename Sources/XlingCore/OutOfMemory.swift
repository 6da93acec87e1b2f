import Foundation

/// Memory that the system does not give ends the process with a message and status 70, not by a signal.
public enum OutOfMemory {
  /// For allocations that no caller could do without.
  public static func end(_ what: String) -> Never {
    ProgressBar.toStandardError("xling: error: no memory for \(what). \(advice)\n")
    _exit(ExitStatus.internal.rawValue)
  }

  private static let advice =
    "Raise the limit (ulimit -v) or take less at once: fewer --threads, a smaller batch or --chunk."

  /// Under a limit of the address space, what ends the process in the language's own allocations is told
  /// as what it is.
  public static func watch() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur != rlim_t.max
    else { return }
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { OutOfMemory.note($0) }
    sigemptyset(&action.sa_mask)
    for number in [SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGBUS] { sigaction(number, &action, nil) }
  }

  /// In the signal's handler: system calls only. Where memory is left the signal is what it was.
  private static func note(_ number: Int32) {
    let probe = mmap(nil, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if probe != MAP_FAILED {
      signal(number, SIG_DFL)
      return
    }
    let text: StaticString =
      "xling: error: no memory is left within the limit of the address space. Raise it (ulimit -v).\n"
    _ = Glibc.write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    _exit(70)
  }
}
