extension RunFolder {
  /// The step from which an interrupted run goes on: that of its last checkpoint; nil where there is none.
  public func checkpointStep() -> Int? {
    latestCheckpoint().flatMap { path in
      path.split(separator: "-").last.flatMap { Int($0) }
    }
  }
}
