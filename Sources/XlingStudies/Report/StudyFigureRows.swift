import XlingCore
import XlingRetrieval

extension StudyFigures {
  /// `figures.csv` in a folder: every figure of the report, one a row, with what it is of. Throws `FileFailure`.
  public func write(to folder: String) throws {
    try AtomicFile.write(rows.text, to: folder + "/figures.csv")
  }

  static let columns = [
    "figure", "condition", "against", "context", "language", "metric", "value", "low", "high", "n",
    "interval", "p", "p_holm", "detectable", "data", "split", "pictures", "seeds",
  ]

  /// Rates and shares are 0 to 1.
  private var rows: CSVTable {
    var rows: [FigureLine] = []
    let seeds = Dictionary(conditions.map { ($0.label, $0.seeds) }) { one, _ in one }
    let shared = Dictionary(conditions.map { ($0.label, sharedWithBaseline($0)) }) { one, _ in one }
    /// Of a condition by its label.
    func line(_ label: String) -> FigureLine {
      FigureLine(label, metric: metric, seeds: seeds[label] ?? [])
    }
    for condition in conditions {
      let over = line(condition.label)
      rows.append(over.of("mean", condition.primary))
      rows.append(over.of("interquartile-mean", condition.interquartileMean))
      for (name, estimate) in condition.metrics.sorted(by: { $0.key < $1.key }) where name != metric
      {
        rows.append(
          FigureLine(condition.label, metric: name, seeds: condition.seeds).of("mean", estimate))
      }
      if let taught = condition.taught { rows.append(over.of("aligned-on", taught)) }
      for worst in condition.worst {
        rows.append(over.of("worst", worst.estimate, language: worst.language))
      }
      for (threshold, share) in zip(thresholds, condition.profile) {
        rows.append(over.of("profile-\(threshold)", share))
      }
      rows.append(over.of("trained-parameters", Double(condition.trained)))
      rows.append(over.of("seconds", condition.seconds))
      if let memory = condition.peakMB { rows.append(over.of("peak-mb", memory)) }
    }
    for comparison in comparisons {
      var row = FigureLine(comparison.first, metric: metric, seeds: comparison.seeds).of(
        "difference", comparison.difference)
      (row.against, row.context) = (comparison.second, comparison.context)
      (row.p, row.adjusted, row.detectable) = (
        comparison.pValue, comparison.adjusted, comparison.detectable
      )
      rows.append(row)
    }
    for cell in map {
      let line = line(cell.condition)
      rows.append(line.of("by-language", cell.estimate, language: cell.language))
      if let difference = cell.difference {
        var row = line.of("difference-by-language", difference, language: cell.language)
        (row.against, row.seeds) = (baseline, shared[cell.condition] ?? [])
        rows.append(row)
      }
    }
    for one in explored {
      var row = FigureLine(one.first, metric: metric, seeds: one.seeds).of(
        "explored-difference", one.difference)
      (row.against, row.context) = (one.second, one.context)
      rows.append(row)
    }
    for cell in tests {
      let line = line(cell.condition)
      rows.append(line.of("by-test", cell.estimate, language: cell.test))
      if let difference = cell.difference {
        var row = line.of("difference-by-test", difference, language: cell.test)
        (row.against, row.seeds) = (baseline, shared[cell.condition] ?? [])
        rows.append(row)
      }
    }
    for one in regressions { rows += errors(one, "forecast", line(one.condition)) }
    for one in distances {
      rows += errors(one, "distance-forecast", line(one.condition))
      for point in one.points {
        var row = line(one.condition).of("distance", point.distance)
        (row.language, row.against, row.metric) = (point.language, one.aligned, "")
        rows.append(row)
      }
    }
    for one in donors {
      let figures = [
        ("donor-nearest", one.nearest), ("donor-usual", one.usual), ("donor-any", one.any),
        ("donor-best", one.best),
      ]
      for (name, estimate) in figures {
        var line = FigureLine("", metric: metric, seeds: one.seeds).of(name, estimate)
        (line.context, line.against) = (one.context, one.donors.joined(separator: " "))
        rows.append(line)
      }
    }
    for one in translated {
      let line = line(one.condition)
      rows.append(line.of("translations", one.translations, language: one.language))
      rows.append(line.of("captions-less-translations", one.difference, language: one.language))
    }
    let whole = [data, split, "\(pictures)"]
    let columns = Self.columns.map { $0 == "language" && isOfClasses ? "test" : $0 }
    return CSVTable(columns, rows.map { $0.fields + whole + [$0.seedText] })
  }
}

extension StudyFigures {
  /// Over which a condition's differences from the baseline are.
  private func sharedWithBaseline(_ condition: Condition) -> [UInt64] {
    var factors = condition.factors
    factors[axis] = baseline
    let other = conditions.first { $0.factors == factors }
    return condition.seeds.filter { other?.seeds.contains($0) == true }
  }

  private func errors(
    _ one: any RecallRegression, _ name: String, _ line: FigureLine
  ) -> [FigureLine] {
    var rows = [
      line.of("\(name)-error", one.error), line.of("\(name)-error-of-mean", one.errorOfMean),
    ]
    if let error = one.familyError, let mean = one.familyErrorOfMean {
      rows.append(line.of("\(name)-error-families", error))
      rows.append(line.of("\(name)-error-of-mean-families", mean))
    }
    return rows + [line.of("\(name)-rank-correlation", one.rankCorrelation)]
  }
}

/// One figure with what it is of; of classifiers a test stands in the place of the language.
private struct FigureLine {
  var figure = ""
  var condition: String
  var seeds: [UInt64]
  var against = ""
  var context = ""
  var language = ""
  var metric: String
  var value = 0.0
  var low: Double?
  var high: Double?
  var n: Int?
  var interval = ""
  var p: Double?
  var adjusted: Double?
  var detectable: Double?

  init(_ condition: String, metric: String, seeds: [UInt64]) {
    (self.condition, self.metric, self.seeds) = (condition, metric, seeds)
  }

  func of(_ figure: String, _ estimate: Estimate, language: String = "") -> FigureLine {
    var line = of(figure, estimate.value)
    (line.low, line.high, line.n) = (estimate.low, estimate.high, estimate.n)
    (line.interval, line.language) = (estimate.hasInterval ? estimate.method : "", language)
    return line
  }

  func of(_ figure: String, _ value: Double) -> FigureLine {
    var line = self
    (line.figure, line.value) = (figure, value)
    return line
  }

  var seedText: String { seeds.map(String.init).joined(separator: " ") }

  var fields: [String] {
    func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "" }
    return [figure, condition, against, context, language, metric, "\(value)"]
      + [text(low), text(high), text(n), interval, text(p), text(adjusted), text(detectable)]
  }
}
