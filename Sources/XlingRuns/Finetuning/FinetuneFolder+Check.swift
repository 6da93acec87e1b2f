import XlingCore

extension FinetuneFolder {
  /// What is wrong with the classifier's files, a sentence each, with the file: as ``RunFolder/check()``, but for
  /// what it was made of.
  public func check() -> [String] {
    var problems: [String] = []
    func note(_ body: () throws -> Void) {
      do { try body() } catch { problems.append("\(error)") }
    }
    var isFinished = false
    note { isFinished = try record().isFinished }
    note { _ = try draw() }
    if isFinished {
      problems += RunFolder.check(path, of: ["model.safetensors", "shots.json", "log.jsonl"])
    }
    if let checkpoint = RunFolder(path).latestCheckpoint() {
      problems += RunFolder.check(
        checkpoint, of: ["model.safetensors", "optimizer.safetensors", "state.json"])
    }
    return problems
  }
}
