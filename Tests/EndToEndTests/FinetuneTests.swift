import Foundation
import Testing
import XlingCore

@Suite("finetune")
struct FinetuneTests {
  let bench: Bench

  /// Four classes of five training and three test pictures, named in English.
  init() throws {
    bench = try Bench()
    let aligned = try bench.xling(bench.align("projection", "runs/one"))
    guard aligned.status == 0 else { throw BenchFailure(message: aligned.stderr) }
    let images = bench.names(in: "data/scenes/images")
    for (number, name) in ["cat", "cow", "dog", "owl"].enumerated() {
      for (part, range) in [("train", 0..<5), ("test", 5..<8)] {
        try AtomicFile.createFolder(bench.path + "/animals/\(part)/\(name)")
        for image in images[range].indices {
          try FileManager.default.copyItem(
            atPath: bench.path + "/data/scenes/images/" + images[8 * number + image],
            toPath: bench.path + "/animals/\(part)/\(name)/\(image).jpg")
        }
      }
    }
    let lines = ["cat", "cow", "dog", "owl"].map {
      #"{"class": "\#($0)", "names": {"en": ["\#($0)"]}}"#
    }
    try AtomicFile.write(lines.joined(separator: "\n"), to: bench.path + "/names.jsonl")
  }

  private func finetune(_ method: String, _ output: String, _ more: [String] = []) -> [String] {
    [
      "finetune", "runs/one", "--data", "animals", "--classes", "names.jsonl", "--method", method,
      "--output", output, "--steps", "4", "--rate", "0.01",
    ] + more
  }

  @Test func oneIsTrainedMeasuredShownAndHeldAgainstAnother() throws {
    let norms = try bench.xling(
      finetune("layernorm", "runs/norms", ["--shots", "2", "--hold-out-classes", "2"]))
    #expect(norms.status == 0, "\(norms.stderr)")
    #expect(norms.stderr.contains("layernorm on 4 pictures of 2 classes (2 held out), 4 steps"))
    let lines = norms.stdout.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "norms: layernorm, text head, on one")
    #expect(
      lines.dropFirst().first?.hasPrefix(
        "4 pictures of 2 classes of animals, 2 of each class, 4 steps in ") == true)
    #expect(norms.stdout.contains("\nanimals  seen          before    6        2   50.00  "))
    #expect(norms.stdout.contains("\nanimals  unseen        after     6        2   50.00  "))
    #expect(norms.stdout.contains("[–] no interval, and no test: fewer than 30"))
    #expect(bench.names(in: "runs/norms").contains("shots.json"))

    // Given again it measures what is finished, with the same weights and figures.
    let again = try bench.xling(
      finetune("layernorm", "runs/norms", ["--shots", "2", "--hold-out-classes", "2"]))
    #expect(again.stdout == norms.stdout, "\(again.stderr)")

    let probe = try bench.xling(
      finetune(
        "linear-probe", "runs/probe",
        ["--start-from", "runs/norms", "--json", "--eval-data", "animals/test"]))
    #expect(probe.status == 0, "\(probe.stderr)")
    let result = try Parsed.object(probe.stdout)
    let rows = try #require(result["rows"] as? [[String: Any]])
    #expect(rows.count == 4 && rows.allSatisfy { $0["metric"] as? String == "top-1" })
    #expect(
      rows[0]["n"] as? Int == 12 && rows[0]["low"] is NSNull && rows[0]["chance"] as? Double == 25)
    #expect(rows[2]["data"] as? String == "test")

    let held = try bench.xling(finetune("full", "runs/full", ["--against", "runs/probe"]))
    #expect(held.stdout.contains("\nfull minus probe, top-1\n"), "\(held.stderr)")
    let shown = try bench.xling(["show", "runs/full"])
    #expect(
      shown.status == 0 && shown.stdout.contains("full: full, text head, on one"), "\(shown.stderr)"
    )
  }

  @Test func badInputIsNamed() throws {
    let cases: [(arguments: [String], status: Int32, says: String)] = [
      (finetune("layernorn", "x"), 64, "Did you mean \"layernorm\"?"),
      (finetune("lit", "x"), 64, "trains nothing of the image side"),
      (finetune("layernorm", "x", ["--with", "lwa"]), 64, "--with lwa: expected layernorm"),
      (
        finetune("layernorm", "x", ["--shots", "6"]), 64,
        "4 classes of animals have fewer than 6 training pictures: cat (5), cow (5)"
      ),
      (
        finetune("layernorm", "x", ["--hold-out-classes", "4"]), 65,
        "leaves no class to train on, having held out 4 of 4 classes"
      ),
      (
        finetune("layernorm", "x", ["--hold-out-classes", "1", "--head", "linear"]), 64,
        "Give --head text"
      ),
      (
        finetune("layernorm", "x", ["--least", "6"]), 65,
        "having left out those with under 6 pictures"
      ),
      (
        finetune("layernorm", "x", ["--set", "temperature=0.1"]), 64,
        "a classifier has no training option temperature"
      ),
      (
        finetune("layernorm", "x", ["--choose-rate", "0.1,0.2"]), 64,
        "--rate and --choose-rate exclude each other"
      ),
      (
        finetune("layernorm", "x", ["--start-from", "runs/one"]), 66,
        "runs/one is no fine-tuned classifier"
      ),
      (["finetune", "runs/one", "--data", "animals"], 64, "name them by --classes FILE"),
      (["finetune", "runs/one", "--data", "animals/test"], 66, "animals/test has no train part"),
      (["finetune", "runs/one", "--data", "nowhere"], 66, "nowhere does not exist"),
      (
        ["finetune", "runs/one", "--data", "emoji-size-2"], 66,
        "xling data build emoji --shift size-2"
      ),
      (finetune("layernorm", "x", ["--eval-data", "nowhere"]), 66, "nowhere does not exist"),
      (["data", "build", "scenes", "--shift", "size"], 64, "scenes has no shifts"),
    ]
    for (arguments, status, says) in cases {
      let result = try bench.xling(arguments)
      #expect(
        result.status == status && result.stderr.contains(says),
        "\(arguments): \(result.status) \(result.stderr)")
    }
    try FileManager.default.removeItem(atPath: bench.path + "/animals/train/owl")
    try FileManager.default.removeItem(atPath: bench.path + "/animals/train/dog")
    try FileManager.default.removeItem(atPath: bench.path + "/animals/train/cow")
    let one = try bench.xling(finetune("layernorm", "x"))
    #expect(one.status == 65 && one.stderr.contains("leaves the class cat alone"), "\(one.stderr)")
    #expect(!bench.exists("x/finetune.json"))
    // A text head needs the text tower.
    try FileManager.default.removeItem(atPath: bench.path + "/text")
    let gone = try bench.xling(finetune("layernorm", "x"))
    #expect(gone.status == 66 && gone.stderr.contains("/text"), "\(gone.stderr)")
  }
}
