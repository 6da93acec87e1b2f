import Foundation
import Testing
import XlingAdapters
import XlingCore
import XlingTensor
import XlingTinyModel

@testable import XlingAlignment

/// Moments of what heads read.
@Suite struct StandardizationTests {
  let workspace = Workspace(blockBytes: 1 << 20)

  /// Columns far from zero that vary little, as sentence towers have them; the last does not vary.
  private func rows(_ count: Int, _ width: Int) -> Matrix {
    let x = workspace.take(count, width)
    var stream = RandomStream(seed: 5, "rows")
    for row in 0..<count {
      for column in 0..<width {
        x[row, column] = Float(100 * column) + Float(stream.uniform(-1, 1)) * Float(1 + column)
      }
      x[row, width - 1] = 0.1
    }
    return x
  }

  private func fitted(_ x: Matrix) -> Standardization {
    let standardization = Standardization("text", width: x.columns)
    var sums = Standardization.Sums(width: x.columns)
    sums.add(x.slice(rows: 0..<7))
    sums.add(x.slice(rows: 7..<x.rows))
    sums.write(to: standardization)
    return standardization
  }

  @Test func columnsHaveMeanZeroAndDeviationOne() {
    let x = rows(200, 6)
    let y = fitted(x).applied(to: x, in: workspace)
    for column in 0..<5 {
      let values = (0..<y.rows).map { Double(y[$0, column]) }
      let mean = values.reduce(0, +) / 200
      let square = values.reduce(0) { $0 + $1 * $1 } / 200
      #expect(abs(mean) < 1e-4 && abs(square - 1) < 1e-3, "column \(column): \(mean), \(square)")
    }
    #expect((0..<y.rows).allSatisfy { abs(y[$0, 5]) < 1e-6 })
  }

  @Test func nothingChangesBeforeMomentsAreTaken() {
    let x = rows(5, 6)
    #expect(Standardization("text", width: 6).applied(to: x, in: workspace).array() == x.array())
  }

  @Test func foldedLayersDoTheSame() {
    let x = rows(50, 6)
    let standardization = fitted(x)
    let layer = Linear("layer", from: 6, to: 3)
    var stream = RandomStream(seed: 2, "layer")
    for index in 0..<18 { layer.weight.value[index] = Float(stream.uniform(-1, 1)) }
    layer.bias?.value[1] = 0.5
    let (expected, found) = (workspace.take(50, 3), workspace.take(50, 3))
    layer.forward(standardization.applied(to: x, in: workspace), into: expected)
    standardization.folded(into: layer).forward(x, into: found)
    for (a, b) in zip(expected.array(), found.array()) { #expect(abs(a - b) < 2e-4) }
  }

  /// Weights that are taken over keep what they were trained behind.
  @Test func aRunThatStartsFromAnotherKeepsItsMoments() throws {
    var recipe = try Recipe.named("projection")
    try RecipeChange(assignment: "text:head_input=standardized").apply(to: &recipe)
    let model = try DualEncoder(
      text: TinyModel.text(), image: TinyModel.image(), recipe: recipe, seed: 5, embeddingWidth: 12)
    #expect(model.lacksMoments && model.imageStandardization == nil)
    model.carried = ["text_head.mean", "text_head.scale"]
    #expect(!model.lacksMoments)
  }

  @Test(arguments: [
    ("ape", "head_input=standardized", "image"), ("ape", "text:head_input=standardized", "text"),
  ])
  func headsThatReadNoVectorAreRefused(_ method: String, _ option: String, _ side: String) throws {
    var recipe = try Recipe.named(method)
    try RecipeChange(assignment: option).apply(to: &recipe)
    let failure = #expect(throws: AdapterFailure.self) {
      try DualEncoder(text: TinyModel.text(), image: TinyModel.image(), recipe: recipe, seed: 5)
    }
    #expect(failure?.description.contains("head_input") == true)
  }
}
