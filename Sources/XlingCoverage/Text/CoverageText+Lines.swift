import XlingCore

extension CoverageText {
  /// Its lines, blank ones too, so that those of parallel texts keep their places. Malformed bytes read as
  /// U+FFFD. Throws what reading a file throws, `InterruptionFailure`.
  public func lines() throws -> [String] {
    var all: [String] = []
    var batches = LineBatches(self)
    try batches.eachBatch { bytes, lines in
      try Interruption.check("nothing is kept")
      for line in lines { all.append(String(decoding: bytes[line], as: UTF8.self)) }
    }
    return all
  }
}
