using System.Runtime.InteropServices;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>
/// An engine started: <see cref="LogRecordType.Init2"/>, or <see cref="LogRecordType.Init"/> without time.
/// </summary>
/// <remarks>
/// <code>
/// off size
///   0    1  type
///   1  567  <see cref="InstanceParameters"/>
/// 568    8  not in Init: when
/// </code>
/// </remarks>
public readonly ref struct InitRecord
{
    private readonly ReadOnlySpan<byte> _bytes;

    internal InitRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The settings of the engine, as stored.</summary>
    public ReadOnlySpan<byte> ParameterBytes => _bytes.Slice(1, InstanceParameters.Size);

    /// <summary>The settings of the engine; a copy.</summary>
    public InstanceParameters Parameters => new(ParameterBytes.ToArray());

    /// <summary>When; not set in Init.</summary>
    public LogTime Time => _bytes[0] == (byte)LogRecordType.Init2
        ? LogTime.Read(_bytes[(1 + InstanceParameters.Size)..])
        : default;
}

/// <summary>A remark: <see cref="LogRecordType.Trace"/>, <see cref="LogRecordType.ForceLogRollover"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0    1  type
///   1    2  session; 0xFFFF = none
///   3    2  length of the text
///   5       text, ANSI, ends with zero
/// </code>
/// </remarks>
public readonly ref struct TextRecord
{
    private readonly ReadOnlySpan<byte> _bytes;

    internal TextRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Number of the session; 0xFFFF for none.</summary>
    public ushort Session => (ushort)RecordField.Short(_bytes, 1);

    /// <summary>The text as stored, with its zero.</summary>
    public ReadOnlySpan<byte> TextBytes => _bytes[5..];

    /// <summary>The text up to its zero.</summary>
    public string Text => RecordText.Ansi(TextBytes);
}

/// <summary>What an application said with a commit: <see cref="LogRecordType.CommitContext"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0    1  type
///   1    4  length of what follows
///   5    2  session
///   7    1  from log version 8.4000.4.8 and .5.2 on: flags: 1 asks for a callback, 2 from the application,
///           4 before the commit
///   8       its bytes
/// </code>
/// </remarks>
public readonly ref struct CommitContextRecord
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _hasFlags;

    internal CommitContextRecord(ReadOnlySpan<byte> bytes, LogVersion version)
    {
        _bytes = bytes;
        _hasFlags = bytes.Length > 7 && HasFlags(version);
    }

    /// <summary>Whether the record has flags in a log of a version.</summary>
    /// <param name="version">The version of the log.</param>
    public static bool HasFlags(LogVersion version) => version.UpdateMajor switch
    {
        < 4 => false,
        4 => version.UpdateMinor >= 8,
        5 => version.UpdateMinor >= 2,
        _ => true,
    };

    /// <summary>Number of the session.</summary>
    public ushort Session => (ushort)RecordField.Short(_bytes, 5);

    /// <summary>1 asks for a callback, 2 from the application, 4 before the commit; 0 in old logs.</summary>
    public byte Flags => _hasFlags ? _bytes[7] : (byte)0;

    /// <summary>What the application said.</summary>
    public ReadOnlySpan<byte> Data => _bytes[(_hasFlags ? 8 : 7)..];
}

/// <summary>The pages of the macro just committed; replay does not need them.</summary>
/// <remarks>
/// <code>
/// off size
///   0    1  type
///   1    4  length of what follows
///   5    1  only MacroInfo2: database
///   6    4  only MacroInfo2: number of pages
///   5/10    page, again and again
/// </code>
/// </remarks>
public readonly ref struct MacroInfoRecord
{
    private readonly ReadOnlySpan<byte> _bytes;

    internal MacroInfoRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Number of the database: 1 in MacroInfo.</summary>
    public byte Database => IsSecond ? _bytes[5] : (byte)1;

    /// <summary>The pages; a rest too short for one is left out.</summary>
    public ReadOnlySpan<PageNumber> Pages => MemoryMarshal.Cast<byte, PageNumber>(_bytes[(IsSecond ? 10 : 5)..]);

    /// <summary>How many pages the record says it has.</summary>
    public uint StoredCount => IsSecond ? (uint)RecordField.Int(_bytes, 6) : (uint)Pages.Length;

    private bool IsSecond => _bytes[0] == (byte)LogRecordType.MacroInfo2;
}

/// <summary>A step of a backup.</summary>
public enum BackupPhase : byte
{
    /// <summary>It begins.</summary>
    Begin = 1,

    /// <summary>Its logs are about to be fixed.</summary>
    PrepareLogs = 2,

    /// <summary>Logs are deleted.</summary>
    Truncate = 3,

    /// <summary>The header of a database gets its mark.</summary>
    Update = 4,

    /// <summary>It failed.</summary>
    Abort = 5,

    /// <summary>It is over.</summary>
    Stop = 6,
}

/// <summary>A step of a backup.</summary>
/// <remarks>
/// <code>
/// off size
///   1    1  phase
///   2    4  type: 0 streaming, 1 snapshot of the volume, 2 snapshot, 3 surrogate
///   6    1  scope: 1 full, 2 incremental, 5 copy, 6 differential
///   7    1  database; 0 = the instance
///   8   24  <see cref="BackupInfo"/>
///  32    1  not used
/// </code>
/// </remarks>
/// <param name="Phase">Which step.</param>
/// <param name="Type">0 streaming, 1 snapshot of the volume, 2 snapshot, 3 surrogate.</param>
/// <param name="Scope">1 full, 2 incremental, 5 copy, 6 differential.</param>
/// <param name="Database">Number of the database; 0 for the instance.</param>
/// <param name="Info">Mark, time and generations, as far as the phase has them.</param>
/// <param name="Reserved">Not used.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct BackupStep(
    BackupPhase Phase, uint Type, byte Scope, byte Database, BackupInfo Info, byte Reserved)
{
    internal const byte Full = 1, Incremental = 2, Copy = 5, Differential = 6;
}

/// <summary>A step of a backup: <see cref="LogRecordType.Backup2"/>.</summary>
/// <remarks>
/// <code>
/// off size
///   0   33  type, <see cref="BackupStep"/>
///  33    2  length of a path, 0
///  35       path
/// </code>
/// </remarks>
public readonly ref struct BackupRecord
{
    internal const int Fixed = 35;

    private readonly ReadOnlySpan<byte> _bytes;

    internal BackupRecord(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The step.</summary>
    public ref readonly BackupStep Step => ref RecordField.At<BackupStep>(_bytes, 1);

    /// <summary>A path, empty so far.</summary>
    public ReadOnlySpan<byte> PathBytes => _bytes[Fixed..];
}

/// <summary>Text in records.</summary>
internal static class RecordText
{
    /// <summary>ANSI text up to its zero; what is not ASCII is not told reliably.</summary>
    public static string Ansi(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>UTF-16 text up to its zero.</summary>
    public static string Utf16(ReadOnlySpan<byte> bytes)
    {
        var text = MemoryMarshal.Cast<byte, char>(bytes);
        int end = text.IndexOf('\0');
        return new(end < 0 ? text : text[..end]);
    }
}
