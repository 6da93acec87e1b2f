// swift-tools-version: 6.1
import PackageDescription

/// Test targets never import one another; what they share lives in XlingTestSupport.
func tests(of module: String, _ extra: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: module + "Tests",
    dependencies: [.init(stringLiteral: module), "XlingCore", "XlingTestSupport"] + extra)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

/// Swift's own libraries are linked into the released program: looking up symbols among 48 shared libraries
/// takes a third of its start. The parts of Foundation call one another, hence the group.
let staticLibraries =
  ["-static-stdlib", "-use-ld=lld", "-Xlinker", "--start-group"]
  + [
    "Foundation", "CoreFoundation", "_FoundationCShims", "_FoundationCollections",
    "FoundationEssentials", "FoundationInternationalization", "_FoundationICU", "swiftCore",
    "swift_Concurrency", "dispatch", "BlocksRuntime",
  ].map { "-l" + $0 } + ["-Xlinker", "--end-group"]

let package = Package(
  name: "xling",
  products: [.executable(name: "xling", targets: ["xling"])],
  traits: [
    .trait(
      name: "OneDNN",
      description: "Products in bf16 by oneDNN (libdnnl-dev), loaded when they are asked for."),
    .default(enabledTraits: ["OneDNN"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // C shims: plain integer and pointer types in their headers, the system library inside.
    .target(name: "CICU", linkerSettings: [.linkedLibrary("icuuc"), .linkedLibrary("icui18n")]),
    .target(name: "CArchive", linkerSettings: [.linkedLibrary("archive")]),
    .target(name: "CDigest", linkerSettings: [.linkedLibrary("crypto")]),
    .target(name: "CFiles"),
    .target(name: "CTOML"),
    .target(name: "COpenBLAS", linkerSettings: [.linkedLibrary("openblas")]),
    .target(
      name: "CONeDNN",
      cxxSettings: [.define("XLING_ONEDNN", .when(traits: ["OneDNN"]))]),
    .target(name: "CKernels"),
    .target(
      name: "CImageCodecs",
      linkerSettings: ["jpeg", "png", "z", "webp", "webpdemux"].map { .linkedLibrary($0) }),
    .target(name: "CPixels"),
    .systemLibrary(
      name: "CFreeType", pkgConfig: "freetype2", providers: [.apt(["libfreetype-dev"])]),
    .systemLibrary(
      name: "CHarfBuzz", pkgConfig: "harfbuzz", providers: [.apt(["libharfbuzz-dev"])]),
    .target(name: "CTextRendering", dependencies: ["CFreeType", "CHarfBuzz"]),

    .target(name: "XlingCore", dependencies: ["CDigest", "CFiles", "CTOML"]),
    .target(name: "XlingUnicode", dependencies: ["XlingCore", "CICU"]),
    .target(name: "XlingLanguages", dependencies: ["XlingCore"]),
    .target(name: "XlingTokenizers", dependencies: ["XlingCore", "CKernels", "XlingUnicode"]),
    .target(
      name: "XlingCoverage",
      dependencies: ["XlingCore", "CKernels", "XlingUnicode", "XlingTokenizers"]),
    .target(
      name: "XlingTensor", dependencies: ["XlingCore", "COpenBLAS", "CONeDNN", "CKernels"]),
    .target(name: "XlingTowers", dependencies: ["XlingCore", "CKernels", "XlingTensor"]),
    .target(
      name: "XlingAdapters", dependencies: ["XlingCore", "XlingTensor", "XlingTowers"]),
    .target(
      name: "XlingData",
      dependencies: [
        "XlingCore", "XlingUnicode", "XlingLanguages", "CArchive", "CImageCodecs", "CPixels",
        "CTextRendering",
      ]),
    .target(name: "XlingOptimization", dependencies: ["XlingCore", "CKernels", "XlingTensor"]),
    .target(
      name: "XlingAlignment",
      dependencies: [
        "XlingCore", "XlingTensor", "XlingOptimization", "XlingTowers", "XlingAdapters",
        "XlingTokenizers", "XlingData",
      ]),
    .target(
      name: "XlingPretraining",
      dependencies: [
        "XlingCore", "CKernels", "XlingUnicode", "XlingTensor", "XlingOptimization", "XlingTowers",
        "XlingTokenizers", "XlingData", "XlingRetrieval",
      ]),
    .target(name: "XlingRetrieval", dependencies: ["XlingCore", "CKernels", "XlingTensor"]),
    .target(name: "XlingExperiments", dependencies: ["XlingCore", "XlingRetrieval", grdb]),
    .target(
      name: "XlingRuns",
      dependencies: [
        "XlingCore", "XlingTensor", "XlingTowers", "XlingAdapters", "XlingTokenizers", "XlingData",
        "XlingAlignment", "XlingExperiments",
      ]),
    .target(
      name: "XlingEvaluation",
      dependencies: [
        "XlingCore", "XlingUnicode", "XlingLanguages", "CArchive", "XlingTensor", "XlingTowers",
        "XlingTokenizers", "XlingData",
        "XlingAlignment", "XlingRuns", "XlingRetrieval", "XlingExperiments",
      ]),
    .target(
      name: "XlingReports",
      dependencies: ["XlingCore", "XlingLanguages", "XlingRetrieval", "XlingExperiments"]),
    .target(
      name: "XlingStudies",
      dependencies: [
        "XlingCore", "XlingAdapters", "XlingData", "XlingAlignment", "XlingRetrieval",
        "XlingExperiments", "XlingReports", grdb,
      ]),
    .target(
      name: "XlingJobs",
      dependencies: [
        "XlingCore", "XlingUnicode", "XlingLanguages", "XlingTokenizers", "XlingCoverage",
        "XlingTensor", "XlingTowers", "XlingAdapters", "XlingData", "XlingAlignment", "XlingRuns",
        "XlingPretraining", "XlingRetrieval", "XlingExperiments", "XlingEvaluation", "XlingReports",
        "XlingStudies",
      ]),
    .executableTarget(
      name: "xling",
      dependencies: [
        "XlingCore", "XlingUnicode", "XlingLanguages", "XlingTokenizers", "XlingCoverage",
        "XlingTensor", "XlingOptimization", "XlingTowers", "XlingAdapters", "XlingData",
        "XlingAlignment", "XlingRuns",
        "XlingPretraining", "XlingRetrieval", "XlingExperiments", "XlingEvaluation", "XlingReports",
        "XlingStudies", "XlingJobs", argumentParser,
      ],
      linkerSettings: [.unsafeFlags(staticLibraries, .when(configuration: .release))]),

    .target(name: "XlingTestSupport", dependencies: ["XlingCore"], path: "Tests/XlingTestSupport"),
    .target(
      name: "XlingTinyModel",
      dependencies: [
        "XlingCore", "XlingTowers", "XlingAdapters", "XlingTokenizers", "XlingData",
        "XlingAlignment", "XlingTestSupport",
      ], path: "Tests/XlingTinyModel"),
    .testTarget(name: "XlingCoreTests", dependencies: ["XlingCore", "XlingTestSupport"]),
    tests(of: "XlingUnicode"),
    tests(of: "XlingLanguages", ["XlingUnicode"]),
    tests(of: "XlingTokenizers", ["XlingUnicode"]),
    tests(of: "XlingCoverage", ["XlingTokenizers", "XlingUnicode"]),
    tests(of: "XlingTensor", ["CKernels"]),
    tests(of: "XlingTowers", ["XlingTensor"]),
    tests(of: "XlingAdapters", ["XlingTensor", "XlingTowers"]),
    tests(of: "XlingData", ["CPixels", "XlingLanguages"]),
    tests(of: "XlingOptimization", ["XlingTensor"]),
    tests(
      of: "XlingAlignment",
      [
        "XlingTensor", "XlingOptimization", "XlingTowers", "XlingAdapters", "XlingTokenizers",
        "XlingData", "XlingTinyModel",
      ]),
    tests(
      of: "XlingRuns",
      [
        "XlingTensor", "XlingOptimization", "XlingTowers", "XlingAdapters", "XlingTokenizers",
        "XlingData", "XlingAlignment", "XlingExperiments", "XlingTinyModel", grdb,
      ]),
    tests(
      of: "XlingPretraining", ["XlingTensor", "XlingTowers", "XlingTokenizers", "XlingData"]),
    tests(of: "XlingRetrieval", ["CKernels", "XlingTensor"]),
    tests(of: "XlingExperiments", ["XlingRetrieval", grdb]),
    tests(
      of: "XlingEvaluation",
      [
        "XlingTensor", "XlingTowers", "XlingAdapters", "XlingTokenizers", "XlingData",
        "XlingAlignment", "XlingRuns", "XlingRetrieval", "XlingExperiments", "XlingTinyModel",
      ]),
    tests(of: "XlingReports", ["XlingRetrieval", "XlingExperiments"]),
    tests(of: "XlingStudies", ["XlingAlignment", "XlingRetrieval", "XlingExperiments", grdb]),
    tests(
      of: "XlingJobs",
      [
        "XlingLanguages", "XlingTowers", "XlingAdapters", "XlingTokenizers", "XlingCoverage",
        "XlingData", "XlingAlignment", "XlingRuns", "XlingRetrieval", "XlingExperiments",
        "XlingEvaluation", "XlingReports", "XlingStudies", "XlingTinyModel",
      ]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["XlingTestSupport", "XlingCore", "XlingTowers"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17,
  cxxLanguageStandard: .cxx17
)
