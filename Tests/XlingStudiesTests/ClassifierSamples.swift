import XlingCore

@testable import XlingStudies

extension Samples {
  static let classifiers = """
    [study]
    name = "tiny"
    question = "Which?"

    [finetune]
    data = "emoji"
    labels = "subgroup"
    head = "text"
    least = 2
    held_out_classes = 2

    [align]
    method = "full"
    steps = 3

    [axes]
    method = ["layernorm", "linear-probe", "zero-shot"]
    mode = ["alone", "with layernorm", "from layernorm"]
    shots = [2, "all"]
    seed = [1, 2]

    [[skip]]
    when = { method = ["layernorm", "zero-shot"], mode = ["with layernorm", "from layernorm"] }

    [[skip]]
    when = { method = "zero-shot", shots = 2 }

    [train]
    batch_size = 8

    [learning_rate]
    tries = [0.1, 0.2]
    choose_on = { metric = "top-1", seeds = 1 }

    [budget]
    steps = 4

    [evaluate]
    data = ["emoji", "emoji-size-2"]
    metrics = ["top-1"]

    [compare]
    baseline = "layernorm"
    primary = { over = "emoji", where = { mode = "alone" } }
    explore = { axis = "mode", baseline = "alone" }
    """

  static func classifierInputs(tests: [String] = ["a", "b", "c", "d"]) -> StudyInputs {
    StudyInputs(
      data: "d", measuredData: "", languages: [], choiceLanguages: [], towers: inputs.towers,
      classes: .init(data: "labelled", heldOut: ["x", "y"], tests: tests))
  }

  static func classifierPlan(_ text: String = classifiers) throws -> StudyPlan {
    try StudyPlan(try design(text), classifierInputs(), path: "tiny.toml")
  }

  /// Hits of a cell on every test, each picture found with the chance `rate`.
  static func accuracies(_ design: StudyDesign, rate: Double, seed: Int) -> [ClassScore] {
    (design.classifiers?.allTests ?? []).map { test in
      var stream = RandomStream(seed: UInt64(seed), test.name)
      // The held-out classes have fewer pictures.
      let pictures = test.isHeldOut ? 35 : 60
      return ClassScore(
        test: test, metric: "top-1", classes: test.isHeldOut ? 2 : 4,
        hits: (0..<pictures).map { _ in stream.uniform() < rate ? 1 : 0 })
    }
  }
}
