namespace PipelineBackup.Ese;

/// <summary>Where records keep a new column.</summary>
public enum ColumnStorage : byte
{
    /// <summary>
    /// As fits the type: numbers and GUIDs fixed, text and binary variable, long and multi-valued columns tagged;
    /// tagged
    /// also when no number of the other kind is left.
    /// </summary>
    Automatic,

    /// <summary>
    /// At a fixed place, in every record that reaches to it. At most 127 columns; not of a long type.
    /// </summary>
    Fixed,

    /// <summary>One behind the other. At most 128 columns; text and binary only.</summary>
    Variable,

    /// <summary>Only in records that set it; may have several values.</summary>
    Tagged,
}

/// <summary>A column to be made: of a new table, or added to one.</summary>
/// <param name="Name">
/// Its name, at most 63 characters of ASCII without <c>! . [ ]</c>; upper and lower case are equal.
/// </param>
/// <param name="Type">What it holds.</param>
public sealed record NewColumn(string Name, ColumnType Type)
{
    /// <summary>
    /// Greatest length of a value in bytes. 0, the default, means 255 of text and binary, no limit of long types; types
    /// of a length of their own have that.
    /// </summary>
    public int MaxLength { get; init; }

    /// <summary>
    /// Code page of text: 1200 (UTF-16, the default) or 1252 (one byte a character). Only columns of 1252 can be
    /// indexed
    /// here: the order of UTF-16 text comes from tables of Windows.
    /// </summary>
    public uint CodePage { get; init; } = ColumnDefinition.UnicodeCodePage;

    /// <summary>Where records keep it; by default what fits the type.</summary>
    public ColumnStorage Storage { get; init; }

    /// <summary>Whether it may not be NULL. Not of tagged columns.</summary>
    public bool IsNotNull { get; init; }

    /// <summary>Whether a row may have several values; makes the column tagged.</summary>
    public bool IsMultiValued { get; init; }

    /// <summary>Whether the engine counts the changes of the row in it. A fixed column of the type long.</summary>
    public bool IsVersion { get; init; }

    /// <summary>
    /// Whether the engine numbers new rows in it. A fixed column of the type long, unsigned long, currency, long long
    /// or
    /// unsigned long long; one in a table.
    /// </summary>
    public bool IsAutoIncrement { get; init; }

    /// <summary>
    /// Whether several transactions may add to it at once. A fixed column of the type long or, in databases of 64-bit
    /// escrow (since 1568.60), long long; its default is 0 unless given.
    /// </summary>
    public bool IsEscrow { get; init; }

    /// <summary>Whether values may be compressed. Of long types.</summary>
    public bool IsCompressed { get; init; }

    /// <summary>The value of rows that do not set the column; null, the default, is NULL. At most 255 bytes.</summary>
    public ReadOnlyMemory<byte>? Default { get; init; }
}
