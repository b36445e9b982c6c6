using System.Text.Json;
using System.Text.Json.Serialization;
using PipelineBackup.Ese;
using PipelineBackup.Shared;

namespace PipelineBackup.Sequences;

/// <summary>How an environment is written: camel case, indented, for people to read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    MaxDepth = 8)]
[JsonSerializable(typeof(EnvironmentDocument))]
internal sealed partial class EnvironmentJson : JsonSerializerContext;

/// <summary>The content of <c>restore.env</c>.</summary>
/// <param name="Format">What it is.</param>
/// <param name="Version">Version of the format.</param>
/// <param name="Environment">The environment.</param>
internal sealed record EnvironmentDocument(string Format, int Version, RestoreEnvironment Environment);

/// <summary>The file beside the logs of a restore that says what recovery is to be called with.</summary>
internal static class RestoreEnvironmentFile
{
    /// <summary>Its name.</summary>
    public const string Name = "restore.env";

    private const string Format = "PipelineBackup restore environment", PartSuffix = ".part";
    private const int Version = 1, MostBytes = 4 << 20, BaseNameLength = 3;

    /// <summary>Writes it durably, in place of an earlier one.</summary>
    /// <param name="directory">The directory of the restore.</param>
    /// <param name="environment">The content.</param>
    public static void Write(string directory, RestoreEnvironment environment)
    {
        string path = Path.Combine(directory, Name), part = path + PartSuffix;
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(
            new(Format, Version, environment), EnvironmentJson.Default.EnvironmentDocument);
        using (var file = File.OpenHandle(part, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, text, 0);
            DurableFile.Flush(file);
        }

        File.Move(part, path, overwrite: true);
        DurableFile.FlushDirectory(directory);
    }

    /// <summary>Reads it.</summary>
    /// <param name="directory">The directory of the restore.</param>
    /// <param name="locations">Where databases may be: who changed the file cannot send recovery elsewhere.</param>
    /// <exception cref="BackupException">It is not there, or not as it was written.</exception>
    public static RestoreEnvironment Read(string directory, LocationTable locations)
    {
        string path = Path.Combine(directory, Name);
        var found = new FileInfo(path);
        if (!found.Exists)
        {
            throw SequenceRefusal.NotFound($"there is no saved restore in '{directory}'",
                "open a restore, and save its environment");
        }

        if (found.Length > MostBytes || Parse(File.ReadAllBytes(path)) is not { } environment)
            throw Strange(path, "it is none of this program's, or was changed");
        if (!IsSound(environment, directory, locations))
            throw Strange(path, "it does not fit the directory that it is in and the places of the databases");
        return environment;
    }

    private static RestoreEnvironment? Parse(byte[] text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, EnvironmentJson.Default.EnvironmentDocument) is { } document
                && document.Format == Format && document.Version == Version ? document.Environment : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsSound(RestoreEnvironment environment, string directory, LocationTable locations) =>
        environment.BackupLogDirectory == directory
        && environment.BaseName.Length == BaseNameLength && LocationTable.IsPlain(environment.BaseName)
        && environment.LowGeneration > 0 && environment.LowGeneration <= environment.HighGeneration
        && environment.Map.Count > 0
        && environment.Map.All(entry => (RestoreMapping?)entry is not null
            && locations.Find(new TokenedName(FileToken.Database, entry.DatabaseName)) == entry.NewDatabaseName);

    private static BackupException Strange(string path, string why) => new($"'{path}' cannot be used: {why}")
    {
        Error = EseErrors.ToJet(EseError.InvalidParameter),
        Hint = "restore anew",
        ExitCode = ExitCode.Refused,
    };
}
