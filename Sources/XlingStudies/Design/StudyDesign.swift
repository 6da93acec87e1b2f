/// A study as its file has it: which runs, how they are measured, what is to be concluded.
public struct StudyDesign: Codable, Sendable, Equatable {
  /// What is varied, by the key of a setting; values as their setting writes them.
  public struct Axis: Codable, Sendable, Equatable {
    public let name: String
    public let values: [String]
  }

  /// A setting that all cells share.
  public struct Setting: Codable, Sendable, Equatable {
    public let key: String
    public let value: String
  }

  /// Combinations that are left out: every axis named has one of its values.
  public struct Skip: Codable, Sendable, Equatable {
    public let when: [String: [String]]
  }

  /// How each cell's learning rate is chosen: the same tries for every method, on val.
  public struct RateChoice: Codable, Sendable, Equatable {
    public let tries: [String]
    public let split: String
    public let languages: [String]
    /// `mean_recall` (of R@1, R@5 and R@10), or a metric's name.
    public let metric: String
    /// The first so many seeds are tried.
    public let seeds: Int
    /// Of a try; nil: of the cells.
    public let steps: Int?

    public static let meanRecall = "mean_recall"
  }

  /// What each run may take, in place of a number of steps: tries of learning rates may take as much again each.
  public struct Budget: Codable, Sendable, Equatable {
    public enum Unit: String, Codable, Sendable {
      /// Multiplications and additions, by formula.
      case flops
      /// Of wall time on one machine, estimated from ``Budget/speed``.
      case seconds
    }

    public let unit: Unit
    public let amount: Double
    /// Multiplications and additions a second, by precision, on the machine that seconds are of: measured once and
    /// then part of the study.
    public var speed: [String: Double]?
  }

  public struct Measure: Codable, Sendable, Equatable {
    public var data: String
    public let split: String
    /// As they are written, perhaps `all`.
    public var languages: [String]
    public let metrics: [String]
    /// The first so many captions of each picture; nil takes all.
    public let captions: Int?
    /// Files of translations by language, as they are written: what is measured with them stands beside the language's
    /// captions. nil: none.
    public var translations: [String: String]?
  }

  /// The one comparison that the study was made for.
  public struct Comparison: Codable, Sendable, Equatable {
    /// The axis whose values are compared.
    public let axis: String
    public let baseline: String
    public let metric: String
    /// `untaught`, `all`, or languages.
    public let over: [String]
    public let correction: String
    /// Conditions without one of these values of an axis are not in the primary comparison; nil: all are.
    public var only: [String: [String]]?
    /// Held against one another besides.
    public var explored: Explored?

    public static let untaught = "untaught"
    public static let all = "all"
  }

  /// An exploratory comparison: an axis, and the value that the others are held against.
  public struct Explored: Codable, Sendable, Equatable {
    public let axis: String
    public let baseline: String
  }

  /// What `--small` changes.
  public struct Small: Codable, Sendable, Equatable {
    public let steps: Int?
    public let seeds: Int?
    public let languages: [String]?
    public let axes: [Axis]
    /// Of every tower that is pretrained; nil: as many as ever.
    public let towerSteps: Int?
    /// Of a study of classifiers: data that they are measured by, steps of the aligned runs, classes held out.
    public var tests: [String]?
    public var alignSteps: Int?
    public var heldOut: Int?
  }

  public var name: String
  public let question: String
  public let decides: String
  /// What it takes, measured, in words.
  public let cost: String
  /// Without the seeds, in the order of the file.
  public var axes: [Axis]
  public var seeds: [UInt64]
  /// Text towers that are made first; nil: none.
  public var towers: [StudyTower]?
  /// nil where cells are aligned runs.
  public var classifiers: ClassifierDesign?
  public let skips: [Skip]
  /// What all cells share besides, axes' names with one value each; and the data.
  public var fixed: [Setting]
  public var data: String
  public let rates: RateChoice?
  /// nil where steps or epochs are said.
  public var budget: Budget?
  public var measure: Measure
  public var comparison: Comparison?
  /// How often a failed cell is begun again.
  public let retries: Int
  public let checkpointEvery: Int?
  public let small: Small?
  public var isSmall = false

  /// The same study on little data, with few steps: it shows that everything works, and hardly what is better.
  /// Throws ``StudyFailure/noSmallForm(study:)``.
  public func smallForm() throws(StudyFailure) -> StudyDesign {
    guard let small else { throw .noSmallForm(study: name) }
    var design = self
    design.name += "-small"
    design.isSmall = true
    if let steps = small.steps {
      design.budget = nil
      design.fixed.removeAll { $0.key == "steps" || $0.key == "epochs" }
      design.axes.removeAll { $0.name == "steps" || $0.name == "epochs" }
      design.fixed.append(Setting(key: "steps", value: "\(steps)"))
    }
    if let count = small.seeds { design.seeds = Array(seeds.prefix(count)) }
    if let languages = small.languages {
      design.measure.languages = languages
      design.measure.translations = measure.translations?.filter { languages.contains($0.key) }
    }
    for place in (towers ?? []).indices where towers?[place].objective != StudyTower.Objective.none
    {
      if let steps = small.towerSteps { design.towers?[place].steps = steps }
    }
    for axis in small.axes {
      guard let place = design.axes.firstIndex(where: { $0.name == axis.name }) else { continue }
      design.axes[place] = axis
    }
    design.classifiers?.become(small: small)
    let used = design.axes.first { $0.name == StudyFactor.textTower }?.values
    design.towers?.removeAll { tower in used.map { !$0.contains(tower.name) } ?? false }
    return design
  }

  /// Of the languages mixed in, the most pairs that a cell asks for, as the setting `mix` has it. Throws
  /// `NumberFailure`.
  public var mixes: [String] {
    get throws {
      var factors = Dictionary(fixed.map { ($0.key, $0.value) }) { $1 }
      let axis = axes.first { $0.name == StudyFactor.targetCaptions }
      if let most = axis?.values.compactMap({ Int($0) }).max() {
        factors[StudyFactor.targetCaptions] = "\(most)"
      }
      let target = try StudyFactor.mix(factors)
      let named = axes.first { $0.name == "mix" }?.values ?? factors["mix"].map { [$0] } ?? []
      return (target.map { [$0] } ?? []) + named
    }
  }

  /// Values by axis, in one line: `lwa, pairs 1000`; a number says what it counts.
  public func label(_ factors: [String: String]) -> String {
    axes.map { axis in
      let value = factors[axis.name] ?? ""
      let isNamed = Double(value) != nil || axis.name == ClassifierFactor.shots
      return isNamed && axes.count > 1 ? "\(axis.name) \(value)" : value
    }.joined(separator: ", ")
  }

  /// What a cell is called on a line: its place in the grid, its seed, of a try its rate.
  public func label(
    _ kind: StudyCell.Kind, _ factors: [String: String], seed: UInt64, rate: String?
  ) -> String {
    switch kind {
    case .tower: return "tower " + (factors.values.first ?? "")
    case .aligned: return "aligned run, seed \(seed)"
    case .cell, .attempt: break
    }
    let place = label(factors)
    return (place.isEmpty ? "" : place + ", ") + "seed \(seed)"
      + (rate.map { ", try of rate \($0)" } ?? "")
  }

  /// What differs from an earlier form of the study, in words of the file.
  public func differences(from earlier: StudyDesign) -> [String] {
    let (now, before) = (said, earlier.said)
    return Set(now.keys).union(before.keys).sorted().compactMap { key in
      let (new, old) = (now[key], before[key])
      return new == old ? nil : "\(key): \(old ?? "nothing") before, \(new ?? "nothing") now"
    }
  }

  /// How the file, as it is now, has what this design measured compared: a comparison decides no cell. What else changed
  /// comes back in words, and then everything stays as it was planned.
  public func reading(as asked: StudyDesign) -> (design: StudyDesign, changed: [String]) {
    var other = asked
    other.budget?.speed = budget?.speed
    (other.comparison, other.name) = (comparison, name)
    let changed = other.differences(from: self)
    guard changed.isEmpty else { return (self, changed) }
    var design = self
    design.comparison = asked.comparison
    return (design, [])
  }

  /// Whatever decides cells or their reading, by key.
  private var said: [String: String] {
    var said = ["train.data": data, "evaluate.data": measure.data, "evaluate.split": measure.split]
    said["seeds"] = seeds.map(String.init).joined(separator: " ")
    said["evaluate.languages"] = measure.languages.joined(separator: " ")
    said["evaluate.metrics"] = measure.metrics.joined(separator: " ")
    said["evaluate.captions"] = measure.captions.map(String.init)
    for (language, file) in measure.translations ?? [:] {
      said["evaluate.translations.\(language)"] = file
    }
    for tower in towers ?? [] { said["tower.\(tower.name)"] = tower.words }
    for axis in axes { said["axes.\(axis.name)"] = axis.values.joined(separator: " ") }
    for setting in fixed { said["train.\(setting.key)"] = setting.value }
    func words(_ values: [String: [String]]) -> String {
      values.sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value.joined(separator: "|"))" }.joined(separator: " ")
    }
    for (index, skip) in skips.enumerated() { said["skip \(index + 1)"] = words(skip.when) }
    if let classifiers { said.merge(classifiers.said) { $1 } }
    if let budget {
      said["budget.\(budget.unit.rawValue)"] =
        "\(budget.amount)"
        + (budget.speed ?? [:]).sorted { $0.key < $1.key }
        .map { " at \($0.value) operations a second (\($0.key))" }.joined()
    }
    if let rates {
      said["learning_rate"] = rates.tries.joined(separator: " ")
      said["learning_rate.choose_on"] =
        "\(rates.split) \(rates.languages.joined(separator: " ")) \(rates.metric) \(rates.seeds)"
        + rates.stepsText
    }
    if let comparison {
      said["compare"] =
        "\(comparison.axis) \(comparison.baseline) \(comparison.metric) "
        + comparison.over.joined(separator: " ")
      said["compare.primary.where"] = comparison.only.map(words)
      said["compare.explore"] = comparison.explored.map { "\($0.axis) \($0.baseline)" }
    }
    return said
  }
}
