import ArgumentParser
import Foundation
import XlingCore
import XlingExperiments
import XlingJobs
import XlingRuns

/// `xling coverage --forecast`.
struct ForecastOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Forecast what recall to expect of the languages in this run, or in every finished run of this \
      store, by a regression on the languages that were measured.
      """, valueName: "run|store"))
  var forecast: String?

  @Option(
    help: ArgumentHelp(
      "The dataset whose results a forecast learns from (default: that with the most languages).",
      valueName: "dataset"))
  var measuredOn: String?

  @Option(
    name: .customLong("without"),
    help: ArgumentHelp(
      "Leave a feature out of forecasts, repeatable: "
        + ForecastFeature.allCases.map(\.rawValue).joined(separator: ", ") + ".",
      valueName: "feature"))
  var without: [ForecastFeature] = []

  /// Names of the options that were given beside ``forecast``.
  var given: [String] {
    GivenOptions.names([("--measured-on", measuredOn != nil), ("--without", !without.isEmpty)])
  }

  /// Throws ``StoreFailure``, and what the job throws.
  func run(
    _ source: CoverageSource, _ languages: [String], _ option: StoreOption, isStrict: Bool,
    _ tell: (ForecastJob.Event) throws -> Void
  ) throws -> ForecastResult {
    let named = forecast ?? ""
    let isStore = !RunFolder(named).exists && Self.isFile(named)
    let path = isStore ? named : try option.existing(for: [named]).path
    var options = ForecastJob.Options(
      run: isStore ? nil : named, languages: languages, source: source)
    options.dataset = measuredOn
    options.without = Set(without)
    options.isStrict = isStrict
    return try ForecastJob(options).run(in: try ExperimentStore(reading: path), tell)
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }
}

extension ForecastFeature: ExpressibleByArgument {}
