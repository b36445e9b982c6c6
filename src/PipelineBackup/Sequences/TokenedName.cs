using System.Text;

namespace PipelineBackup.Sequences;

/// <summary>The name of a file, or of a directory, with the token that says what it is.</summary>
/// <param name="Token">What it is.</param>
/// <param name="Path">The full path on the machine of the server.</param>
public sealed record TokenedName(FileToken Token, string Path)
{
    private const byte InDatabaseDirectory = 0x40, InLogDirectory = 0x20;

    /// <summary>Whether the file belongs where the databases are.</summary>
    public bool BelongsToDatabases => ((byte)Token & InDatabaseDirectory) != 0;

    /// <summary>Whether the file belongs where the logs are.</summary>
    public bool BelongsToLogs => ((byte)Token & InLogDirectory) != 0;

    /// <summary>The last part of the path, whichever system it is of.</summary>
    public string FileName => Path[(Path.AsSpan().LastIndexOfAny('\\', '/', ':') + 1)..];

    /// <summary>The name as it is kept: the token, one byte, then the path in UTF-8.</summary>
    public byte[] ToBytes() => [(byte)Token, .. Encoding.UTF8.GetBytes(Path)];

    /// <summary>Reads a name that was kept.</summary>
    /// <param name="bytes">What <see cref="ToBytes"/> gave.</param>
    /// <exception cref="ArgumentException">There is no byte.</exception>
    public static TokenedName FromBytes(ReadOnlySpan<byte> bytes) => bytes.IsEmpty
        ? throw new ArgumentException("a name has a token, one byte, at least", nameof(bytes))
        : new((FileToken)bytes[0], Encoding.UTF8.GetString(bytes[1..]));

    /// <summary>The path.</summary>
    public override string ToString() => Path;

    internal static TokenedName Of(SourceFile file) => new(
        file.Kind switch
        {
            SourceFileKind.Database => FileToken.Database,
            SourceFileKind.StreamingCompanion => FileToken.StreamingCompanion,
            SourceFileKind.Log => FileToken.Log,
            SourceFileKind.Patch => FileToken.Patch,
            _ => FileToken.Unknown,
        },
        file.OriginalPath);
}
