using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>Makes rows of MSysObjects of catalog entries: the same row goes into MSysObjectsShadow.</summary>
/// <remarks>
/// The keys of a row, and its entries in the catalog's own indexes, are made like those of any table: the catalog
/// defines itself.
/// </remarks>
public sealed class CatalogWriter
{
    private static readonly Lazy<TableDefinition> s_catalog =
        new(() => SystemTables.Define(PageSize.Default).Find("MSysObjects"));

    private readonly RecordBuilder _builder;

    /// <summary>A writer.</summary>
    /// <param name="format">How the pages of the database lay out tagged columns.</param>
    public CatalogWriter(RecordFormat format) => _builder = new(s_catalog.Value, format);

    /// <summary>Makes the row of an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>The record.</returns>
    /// <exception cref="EseException">A value is too long for the catalog (-1506).</exception>
    public byte[] Write(CatalogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        _builder.Clear();
        Set(1, entry.TableId.Value);
        Set(2, (ulong)entry.Kind);
        Set(3, entry.Id);
        Set(4, entry.TypeOrRoot);
        Set(5, entry.SpaceUsage);
        Set(6, entry.Flags);
        Set(7, entry.PagesOrLocale);
        Set(8, entry.IsRoot is { } isRoot ? isRoot ? 1u : 0 : null);
        Set(9, entry.RecordOffset);
        Set(10, entry.LocaleFlags);
        Set(11, entry.KeyMost);
        Set(12, entry.LongValueChunk);
        Set(13, entry.RootSetTime);
        Set(128, Encoding.Latin1.GetBytes(entry.Name));
        Set(129, entry.Statistics);
        if (entry.TemplateOrCallback is { } name)
            Set(130, Encoding.Latin1.GetBytes(name));
        Set(131, entry.Default);
        Set(132, entry.Segments);
        Set(133, entry.SegmentMost);
        Set(134, entry.Conditions);
        Set(135, entry.TupleLimits);
        Set(136, entry.SortVersion);
        Set(137, entry.SortId);
        Set(256, entry.CallbackData);
        Set(257, entry.CallbackDependencies);
        Set(258, entry.SeparateLongValues);
        Set(259, entry.SpaceHints);
        Set(260, entry.DeferredSpaceHints);
        Set(261, entry.LocaleName);
        return _builder.ToArray();
    }

    private void Set(ushort id, ulong? value)
    {
        if (value is not { } number)
            return;
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        int column = IndexOf(id);
        _builder.Set(column, bytes[.._builder.Columns[column].FixedBytes]);
    }

    private void Set(ushort id, ReadOnlyMemory<byte>? value)
    {
        if (value is { } bytes)
            _builder.Set(IndexOf(id), bytes.Span);
    }

    // The catalog's columns are in the order of their numbers, without a gap in each group.
    private static int IndexOf(ushort id) => id < ColumnId.FirstVariable ? id - 1
        : id < ColumnId.FirstTagged ? CatalogRow.FixedColumns + id - ColumnId.FirstVariable
        : CatalogRow.FixedColumns + SystemTables.CatalogVariableColumns + id - ColumnId.FirstTagged;
}
