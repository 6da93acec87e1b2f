import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite("xling study of classifiers, end to end")
struct ClassifierStudyTests {
  private let bench: Bench

  /// Three classes of four training and three test pictures, named in English.
  init() throws {
    bench = try Bench()
    let images = bench.names(in: "data/scenes/images")
    for (number, name) in ["cat", "cow", "dog"].enumerated() {
      for (part, range) in [("train", 0..<4), ("test", 4..<7)] {
        try AtomicFile.createFolder(bench.path + "/animals/\(part)/\(name)")
        for image in images[range].indices {
          try FileManager.default.copyItem(
            atPath: bench.path + "/data/scenes/images/" + images[7 * number + image],
            toPath: bench.path + "/animals/\(part)/\(name)/\(image).jpg")
        }
      }
    }
    let lines = ["cat", "cow", "dog"].map { #"{"class": "\#($0)", "names": {"en": ["\#($0)"]}}"# }
    try AtomicFile.write(lines.joined(separator: "\n"), to: bench.path + "/names.jsonl")
    try AtomicFile.write(Self.text, to: bench.path + "/tiny.toml")
  }

  private static let text = """
    [study]
    name = "tiny"
    question = "Does the whole way work?"

    [finetune]
    data = "animals"
    classes = "names.jsonl"

    [align]
    method = "projection"
    text_tower = "text"
    image_tower = "image"
    batch_size = 8
    steps = 3

    [axes]
    method = ["layernorm", "linear-probe", "zero-shot"]
    mode = ["alone", "from layernorm"]
    seed = [1]

    [[skip]]
    when = { method = ["layernorm", "zero-shot"], mode = "from layernorm" }

    [train]
    rate = 0.01

    [budget]
    steps = 40

    [compare]
    baseline = "layernorm"

    [limits]
    checkpoint_every = 1
    """

  private func study(_ arguments: [String]) throws -> XlingBinary.Result {
    try bench.xling(["study"] + arguments)
  }

  private func accuracies(_ output: String) throws -> String {
    let result = try study(["report", "tiny.toml", "--output", output, "--csv", output + "-csv"])
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout.contains("top-1, trained classes of animals"))
    return String(
      decoding: try AtomicFile.read(bench.path + "/\(output)-csv/accuracies.csv"), as: UTF8.self)
  }

  private func states(_ output: String) throws -> [String: Int] {
    let result = try study(["status", "tiny.toml", "--output", output, "--json"])
    guard result.status == 0 else { return [:] }
    let stores = try Parsed.object(result.stdout)["stores"] as? [[String: Any]]
    return stores?.first?["states"] as? [String: Int] ?? [:]
  }

  @Test func killedItGoesOnToTheSame() throws {
    let plan = try study(["plan", "tiny.toml"])
    #expect(
      plan.stdout.hasSuffix("\n\n4 cells, 1 run aligned first, 0 finished\n"), "\(plan.stderr)")
    let commands = try study(["plan", "tiny.toml", "--commands"])
    #expect(commands.stdout.split(separator: "\n").count == 4)
    let whole = try study(["run", "tiny.toml", "--output", "whole"])
    #expect(
      whole.status == 0 && whole.stdout.hasPrefix("tiny: 4 of 4 cells done"), "\(whole.stderr)")
    #expect(whole.stderr.contains("aligned run, seed 1: done; 1 of 5 finished"))

    let killed = try bench.start(["study", "run", "tiny.toml", "--output", "killed"])
    var looks = 0
    while try states("killed")["done"] ?? 0 < 1, looks < 600 {
      usleep(50_000)
      looks += 1
    }
    kill(killed.process.processIdentifier, SIGKILL)
    _ = try killed.result()
    // The cell alone, with what it is made of.
    let cell = try #require(
      commands.stdout.split(separator: "\n").last?.split(separator: " ").last.map(String.init))
    let one = try study(["run", "tiny.toml", "--output", "killed", "--cell", cell])
    #expect(one.status == 0, "\(one.stderr)")
    let again = try study(["run", "tiny.toml", "--output", "killed"])
    #expect(again.status == 0, "\(again.stderr)")
    let same = try accuracies("whole")
    #expect(try accuracies("killed") == same && same.split(separator: "\n").count == 5)
    let cleaned = try study(["clean", "tiny.toml", "--output", "whole", "--json"])
    #expect(try Parsed.object(cleaned.stdout)["runs"] as? Int == 4)
    for run in bench.names(in: "whole/runs") {
      #expect(try bench.xling(["check", "whole/runs/" + run]).status == 0)
    }
  }
}
