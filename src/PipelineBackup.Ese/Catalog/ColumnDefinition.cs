namespace PipelineBackup.Ese;

/// <summary>A column as the catalog defines it.</summary>
public sealed class ColumnDefinition
{
    /// <summary>The code page of UTF-16 text, little endian.</summary>
    public const uint UnicodeCodePage = 1200;

    internal ColumnDefinition(TableDefinition table, CatalogEntry entry)
    {
        Table = table;
        Name = entry.Name;
        Id = new((ushort)entry.Id);
        StoredType = entry.TypeOrRoot;
        StoredLength = entry.SpaceUsage.GetValueOrDefault();
        Flags = (ColumnFlags)entry.Flags;
        CodePage = entry.PagesOrLocale.GetValueOrDefault();
        int offset = entry.RecordOffset.GetValueOrDefault();
        RecordOffset = table.IsCatalog ? CatalogRow.OffsetOf(Id) ?? offset : offset;
        Default = entry.Default;
    }

    /// <summary>The table that defines it: of an inherited column the template.</summary>
    public TableDefinition Table { get; }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its number.</summary>
    public ColumnId Id { get; }

    /// <summary>The type's number as stored; of damaged catalogs any.</summary>
    public uint StoredType { get; }

    /// <summary>What it holds; <see cref="ColumnType.Nil"/> is a deleted column.</summary>
    public ColumnType Type => StoredType <= byte.MaxValue ? (ColumnType)StoredType : (ColumnType)byte.MaxValue;

    /// <summary>Greatest length of a value in bytes as stored; 0 is unlimited.</summary>
    public uint StoredLength { get; }

    /// <summary>Marks.</summary>
    public ColumnFlags Flags { get; }

    /// <summary>Code page of text, 1200 or 1252; what other columns hold means nothing.</summary>
    public uint CodePage { get; }

    /// <summary>Where a fixed column stands in a record.</summary>
    public int RecordOffset { get; }

    /// <summary>The value of rows that hold none; null when that is NULL.</summary>
    public ReadOnlyMemory<byte>? Default { get; }

    /// <summary>Whether the column was deleted; its number is kept.</summary>
    public bool IsDeleted => StoredType == 0;

    /// <summary>Whether a row may have several values.</summary>
    public bool IsMultiValued => (Flags & ColumnFlags.MultiValued) != 0;

    /// <summary>Whether it is text whose order depends on a locale.</summary>
    public bool IsUnicode => Type.IsText() && CodePage == UnicodeCodePage;

    /// <summary>Bytes of every value of a fixed column.</summary>
    public int FixedBytes => Type.FixedBytes() is var bytes and > 0 ? bytes : unchecked((int)StoredLength);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
