using System.Runtime.InteropServices;

namespace PipelineBackup.Ese;

/// <summary>One change of an open transaction, as its list has it: what is needed to find the rest.</summary>
/// <remarks>
/// <code>
/// off size
///   0    4  number of the version
///   4    4  page that it holds; 0 when the old data stand in a log record, or there are none
///   8    8  bits 0–55 where its body begins, all ones: there is none; bits 56–63 number of the database
/// </code>
/// </remarks>
/// <param name="Version">Number of the version ("rceid").</param>
/// <param name="Held">The page that must not reach the database file because of it; none when no page is held.</param>
/// <param name="Place">Body and database.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct VersionEntry(uint Version, PageNumber Held, ulong Place)
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 16;

    private const int DatabaseShift = 56;
    private const ulong NoBody = (1UL << DatabaseShift) - 1;

    /// <summary>A version.</summary>
    /// <param name="version">Its number.</param>
    /// <param name="held">The page that it holds, or none.</param>
    /// <param name="database">Number of the database.</param>
    /// <param name="body">Where its body begins.</param>
    public VersionEntry(uint version, PageNumber held, byte database, long body)
        : this(version, held, (ulong)database << DatabaseShift | (ulong)body)
    {
    }

    /// <summary>Number of the database.</summary>
    public byte Database => (byte)(Place >> DatabaseShift);

    /// <summary>Where its body begins.</summary>
    public long Body => (long)(Place & NoBody);

    /// <summary>Whether there is nothing to undo: it was undone, or a later record has to tell what to undo.</summary>
    public bool IsBodiless => (Place & NoBody) == NoBody;

    /// <summary>A version without a body.</summary>
    /// <param name="version">Its number.</param>
    public static VersionEntry Bodiless(uint version) => new(version, PageNumber.None, NoBody);

    /// <summary>Whether a version is newer than another; their numbers wrap around.</summary>
    /// <param name="version">The one.</param>
    /// <param name="other">The other.</param>
    public static bool IsNewer(uint version, uint other) => (int)(version - other) > 0;
}

/// <summary>The body of a version: what undo needs, then key and data of the bookmark, then the old data.</summary>
/// <remarks>
/// <code>
/// off size
///   0    2  operation
///   2    2  length of the bookmark's key
///   4    2  length of the bookmark's data
///   6    2  length of the old data
///   8    4  root page of the tree
///  12    4  object id of the tree
///  16    8  of a counter by how much
///  24    2  of a counter its offset in the data; else largest size of the data in the transaction
///  26    2  by how much they grew
///  28    1  flags of the change
///  29    3  0
/// </code>
/// </remarks>
/// <param name="Operation">What was done.</param>
/// <param name="KeyLength">Length of the bookmark's key.</param>
/// <param name="BookmarkLength">Length of the bookmark's data.</param>
/// <param name="OldLength">Length of the old data.</param>
/// <param name="Root">Root page of the tree.</param>
/// <param name="Tree">Object id of the tree.</param>
/// <param name="Delta">Of a counter by how much.</param>
/// <param name="Offset">Of a counter its offset; else the largest size of the data.</param>
/// <param name="Growth">By how much they grew.</param>
/// <param name="Flags">Flags of the change.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = 32)]
internal readonly record struct VersionBody(
    NodeOperation Operation, ushort KeyLength, ushort BookmarkLength, ushort OldLength, PageNumber Root, ObjectId Tree,
    long Delta, ushort Offset, short Growth, PageChangeFlags Flags)
{
    /// <summary>Stored length in bytes.</summary>
    public const int Size = 32;
}
