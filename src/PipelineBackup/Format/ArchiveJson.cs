using System.Text.Json;
using System.Text.Json.Serialization;

namespace PipelineBackup.Format;

/// <summary>How every JSON object of a store is written: camel case, no nulls, one line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 8)]
[JsonSerializable(typeof(FormatDocument))]
[JsonSerializable(typeof(BackupManifest))]
[JsonSerializable(typeof(IndexLine))]
[JsonSerializable(typeof(BadPage))]
[JsonSerializable(typeof(ChainClaim))]
[JsonSerializable(typeof(DrillReceipt))]
[JsonSerializable(typeof(BackupMark))]
internal sealed partial class ArchiveJson : JsonSerializerContext;

/// <summary>The content of a claim: which backup took the place in the chain.</summary>
internal sealed record ChainClaim(string Id)
{
    /// <summary>The longest claim that is read, in bytes.</summary>
    public const int MaxBytes = 1024;
}
