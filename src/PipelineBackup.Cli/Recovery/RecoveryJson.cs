using System.Text.Json.Serialization;

namespace PipelineBackup.Cli.Recovery;

/// <summary>What a recovery notes on the disk.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class RecoveryJson : JsonSerializerContext;
