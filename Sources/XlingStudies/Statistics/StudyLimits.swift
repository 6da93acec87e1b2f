import XlingCore
import XlingRetrieval

/// What a study cannot tell, from its own numbers.
struct StudyLimits {
  let design: StudyDesign
  let measured: MeasuredCells
  let comparisons: [StudyFigures.Comparison]
  let alike: [StudyFigures.Alike]
  let diverged: Int
  let missing: [String]
  /// Without a seed in common with their baseline.
  let unpaired: [String]
  let over: String

  var sentences: [String] {
    [small, unfinished, spreads, edges, differences, apart, languages, equal, families].compactMap {
      $0
    }
  }

  private func points(_ value: Double) -> String {
    let tenths = Int((1_000 * value).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private var small: String? {
    design.isSmall
      ? "This is the small form: little data and few steps, to see that everything works here. Which is better, "
        + "only the whole study can say." : nil
  }

  private var unfinished: String? {
    let want = design.seeds.count
    let counts = measured.conditions.map(\.cells.count)
    let (fewest, most) = (counts.min() ?? 0, counts.max() ?? 0)
    var parts: [String] = []
    if fewest < want {
      let have = fewest == most ? "\(fewest)" : "\(fewest) to \(most)"
      parts.append(
        "\(have) of \(want) seeds of a condition are finished, and its figures are over these")
    }
    if fewest < most { parts.append("differences are over the seeds that both sides have") }
    if !unpaired.isEmpty {
      parts.append(
        "not compared, without a seed in common with the baseline: \(MessageList.of(unpaired))")
    }
    if !missing.isEmpty {
      parts.append("without a finished cell, and so left out: \(MessageList.of(missing))")
    }
    return parts.isEmpty ? nil : "The study is not whole: " + parts.joined(separator: "; ") + "."
  }

  private var spreads: String? {
    let counts = Set(measured.conditions.map(\.cells.count))
    var sentences: [String] = []
    if counts.contains(1) {
      sentences.append(
        "One seed says nothing about others: "
          + (counts.count > 1 ? "where a condition has one, " : "")
          + "intervals are over pictures alone, and another seed may turn any difference around.")
    }
    if let few = counts.filter((2...4).contains).min() {
      sentences.append(
        "With \(few) seeds their spread is itself hardly known: intervals of 95 % held "
          + (few == 2 ? "87 to 98" : "92 to 96")
          + " % in simulations. Five are the usual number.")
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  /// A rate that was chosen for being the last of those tried says that others should have been.
  private var edges: String? {
    let tried = (design.rates?.tries ?? []).compactMap(Double.init)
    guard let least = tried.min(), let most = tried.max(), least < most else { return nil }
    let chosen = measured.conditions.filter { !$0.rates.isEmpty }
    let parts = [(most, "highest"), (least, "lowest")].compactMap { rate, word -> String? in
      let ones = chosen.filter { $0.rates.contains(rate) }
      guard !ones.isEmpty else { return nil }
      let names =
        ones.count > 4
        ? "\(ones.count) of \(chosen.count) conditions"
        : ones.map { design.label($0.factors) }.joined(separator: "; ")
      return "the \(word) rate tried, \(rate), was chosen for \(names)"
    }
    guard !parts.isEmpty else { return nil }
    return "Rates beyond those tried might do better: \(parts.joined(separator: ", "))."
  }

  private var differences: String? {
    let known = comparisons.compactMap(\.detectable)
    guard let least = known.min(), let most = known.max() else {
      return comparisons.isEmpty
        ? nil
        : "Nothing is tested: fewer than \(Clusters.fewest) independent pictures lie behind these figures."
    }
    let range =
      points(least) == points(most) ? points(least) : "\(points(least)) to \(points(most))"
    return
      "True differences below \(range) points are missed more than one time in five, at 5 % and before the "
      + "correction for \(comparisons.count) comparisons."
  }

  private var apart: String? {
    guard !alike.isEmpty else { return nil }
    let sets = alike.map { set in
      set.labels.joined(separator: ", ") + (set.context.isEmpty ? "" : " (\(set.context))")
    }
    return "Not told apart, all pairs at once: " + sets.joined(separator: "; ") + "."
  }

  private var languages: String? {
    if let classifiers = design.classifiers {
      return "Classes, pictures and their shifts are those of \(design.data)"
        + (classifiers.tests.count > 1 ? " and of \(classifiers.tests.count - 1) other tests" : "")
        + ", each seed's cells of one aligned run: nothing follows for other pictures, classes or towers."
    }
    return
      "Languages are those measured, not drawn from others: nothing follows for languages beyond these "
      + "\(measured.languages.count)."
  }

  private var equal: String? {
    comparisons.contains { !$0.isFound }
      ? "A difference that was not found is not equality: that would need an interval within a stated margin."
      : nil
  }

  private var families: String? {
    if design.classifiers != nil {
      return
        "Everything but the primary comparison is exploratory: other tests and what is added to a method raise "
        + "questions and settle none."
    }
    return
      "Everything but the primary comparison is exploratory: maps, worst languages and profiles raise questions "
      + "and settle none."
  }
}
