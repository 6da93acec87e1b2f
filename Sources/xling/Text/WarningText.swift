import XlingCore
import XlingJobs
import XlingRetrieval
import XlingRuns

extension [Warning] {
  func tell() {
    for warning in self { warning.tell() }
  }
}

extension Warning {
  /// On stderr.
  func tell() {
    for line in lines { ProgressBar.toStandardError("xling: \(line)\n") }
  }

  private var lines: [String] {
    switch self {
    case .nonFinite(let path, let tensors):
      ["warning: \(path) holds NaN or infinity in \(tensors.joined(separator: ", "))"]
    case .precision(let caution): ["warning: \(caution)"]
    case .arithmeticChanged(let folder, let change): [Self.changed(folder, change)]
    case .guessedHeads(let path, let heads):
      [
        "warning: \(path) does not say how many heads it has: \(heads) of 64 numbers each are taken, "
          + "as most published towers have. --heads says otherwise"
      ]
    case .spellings(let spellings, let path): [Self.spellings(spellings, path)]
    case .damaged(let pictures): Self.damaged(pictures)
    case .trainingNotSearched(let run, let reason): [Self.notSearched(run, reason)]
    case .trainingPictures(let run, let folder, let leaks, let test, let split):
      [
        "warning: \(leaks.all.count) of \(leaks.testPictures) pictures are training pictures of run "
          + "\(run) (\(leaks.sameNumber.count) by COCO's or Flickr's number, "
          + "\(leaks.sameBytes.count) by their bytes), such as "
          + "\((leaks.sameNumber + leaks.sameBytes).first ?? ""). Figures without them stand "
          + "beside the others. Altered copies are found by: "
          + ShellWords.command(
            [
              "xling", "audit", "--train", folder, "--test", test.name, "--test-split",
              split.rawValue,
            ] + (test.root.map { ["--test-root", $0] } ?? []))
      ]
    case .incomplete(let failure): ["left out: \(failure)"]
    case .classesWithoutPictures(let count, let names, let data):
      ["\(count) classes of \(names) have no pictures in \(data) and are left out"]
    case .languagesWithoutNames(let count, let all):
      [
        "\(count) of \(all) languages lack names of some classes and are left out; "
          + "--allow-missing takes them"
      ]
    case .tooFewPictures(let names):
      [
        "warning: no 95 % interval is claimed, and nothing is tested, where fewer than "
          + "\(Clusters.fewest) independent pictures lie behind a figure: "
          + MessageList.of(names)
      ]
    case .pairedSentences(let language, let path, let paired, let all):
      [
        "warning: \(paired) of \(all) sentences of \(path) are \(language) captions of the pictures "
          + "evaluated: the mean has seen the test, and is not of unpaired text"
      ]
    case .tiedScores(let rankings):
      [
        "warning: items of the very same score, which other programs put in their own order: "
          + MessageList.of(
            rankings.map { "\($0.name).run (\($0.tied) of \($0.queries) queries)" })
      ]
    case .sharedNames(let names, let language):
      [
        "warning: in \(language) \(names.count) names stand for several "
          + "classes, which tie unless other names part them: "
          + names.prefix(3).map { "\"\($0.name)\" (\($0.classes.joined(separator: ", ")))" }
          .joined(separator: "; ") + (names.count > 3 ? "; …" : "")
      ]
    }
  }

  private static func changed(_ folder: String, _ change: ArithmeticChange) -> String {
    let (before, next) = (change.before, change.next.arithmetic)
    let numerics = before.numerics == next.numerics
    let text = { (arithmetic: Arithmetic) in
      (numerics ? "" : "numerics \(arithmetic.numerics), ") + "kernels \(arithmetic.kernels)"
    }
    let isPlain = !(before.kernels + next.kernels).contains(",")
    return
      "warning: \(folder) goes on after step \(change.next.step) with other arithmetic (\(text(next))) "
      + "than it had (\(text(before))): it will have the bits of neither, and says so"
      + (numerics && isPlain
        ? ". OPENBLAS_CORETYPE=\(before.kernels) keeps them where the processor can" : "")
  }

  /// One line, however many codes.
  private static func spellings(_ spellings: [String: String], _ path: String) -> String {
    let some = spellings.sorted { $0.key < $1.key }.prefix(8).map { "\($0.key) is \($0.value)" }
    let rest = spellings.count > 8 ? " and \(spellings.count - 8) more" : ""
    return TerminalText.visible(
      "languages of \(path) by our codes: \(some.joined(separator: ", "))\(rest)")
  }

  /// The first few by name.
  private static func damaged(_ pictures: [DamagedPicture]) -> [String] {
    pictures.prefix(10).map { "warning: \($0.path): \($0.reason); decoded as far as it goes" }
      + (pictures.count > 10
        ? ["warning: \(pictures.count - 10) more pictures are damaged"] : [])
  }

  private static func notSearched(_ run: String, _ reason: TrainingSearch) -> String {
    switch reason {
    case .notRecorded:
      "run \(run) does not record where its training data lay: test pictures were not looked "
        + "for in it. With the folder named, an audit does: xling audit --help"
    case .gone(let folder):
      "the training data of run \(run), \(folder), is not there: test pictures were not "
        + "looked for in it"
    case .changed(let folder):
      "\(folder) is not what run \(run) was trained on any more: test pictures were not looked "
        + "for in it"
    }
  }
}
