extension StudyFile {
  /// Operations or seconds of [budget], which exclude steps and epochs wherever these stand.
  static func budget(
    _ file: StudyTable, _ axes: [StudyDesign.Axis], _ fixed: [StudyDesign.Setting]
  ) throws -> StudyDesign.Budget? {
    let known = ["steps", "flops", "seconds"]
    guard let table = try file.table("budget", known: known) else { return nil }
    let said = table.keys
    if said.count > 1 {
      throw table.mistake(
        said[1], "one budget: steps, flops or seconds", said.joined(separator: " and "))
    }
    guard let unit = said.first.flatMap(StudyDesign.Budget.Unit.init) else { return nil }
    let names = axes.map(\.name) + fixed.map(\.key)
    if let other = names.first(where: { ["steps", "epochs"].contains($0) }) {
      throw table.mistake(unit.rawValue, "no \(other) beside it, which it decides", "both")
    }
    return .init(unit: unit, amount: try table.positive(unit.rawValue), speed: nil)
  }
}
