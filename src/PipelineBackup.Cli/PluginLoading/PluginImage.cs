using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.Versioning;

namespace PipelineBackup.Cli.PluginLoading;

/// <summary>What the file of an assembly says of itself, read as data: nothing of it is loaded or run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Framework">The framework it was built for; null when it does not say.</param>
/// <param name="References">The assemblies it was compiled against.</param>
internal sealed record PluginImage(
    AssemblyName Name, FrameworkName? Framework, IReadOnlyList<AssemblyName> References)
{
    /// <summary>The longest file that is looked into. No assembly is that long.</summary>
    public const long MaxLength = 256 << 20;

    private const string Hint = "name the assembly of a plugin, a .dll that 'dotnet publish' made";

    /// <summary>The version of the contracts that it was compiled against; null when it knows none.</summary>
    public ContractVersion? Contract => References.FirstOrDefault(one => one.Name == ContractVersion.AssemblyName)
        is { Version: { } version } ? ContractVersion.Of(version) : null;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file. Its bytes may be anything.</param>
    /// <exception cref="UsageException">It is no .NET assembly.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static PluginImage Read(string path)
    {
        if (Directory.Exists(path))
            throw new UsageException($"'{path}' is a directory, and no plugin", Hint);
        long length = new FileInfo(path).Length;
        // Asked before it is opened: a pipe or device has no length, and would be waited for.
        if (length == 0)
            throw new UsageException($"'{path}' is empty, and no plugin", Hint);
        if (length > MaxLength)
        {
            throw new UsageException(
                $"'{path}' is no plugin: it has {Quantity.Bytes(length)}, more than any assembly", Hint);
        }

        using var file = File.OpenRead(path);
        try
        {
            return Read(file, path);
        }
        catch (Exception damage) when (damage is BadImageFormatException or ArgumentException or OverflowException
            or InvalidOperationException or InvalidCastException or IndexOutOfRangeException or EndOfStreamException)
        {
            throw new UsageException(
                $"'{path}' is a damaged assembly: {damage.Message}", "copy or build the plugin again");
        }
    }

    private static PluginImage Read(FileStream file, string path)
    {
        Span<byte> magic = stackalloc byte[4];
        file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        if (magic.SequenceEqual("\u007fELF"u8) || !magic.StartsWith("MZ"u8))
        {
            string what = magic.SequenceEqual("\u007fELF"u8) ? "a native library or program" : "no assembly";
            throw new UsageException($"'{path}' is no plugin: it is {what}", Hint);
        }

        file.Position = 0;
        using var image = new PEReader(file);
        if (!image.HasMetadata)
            throw new UsageException($"'{path}' is no plugin: it is a native library or program", Hint);
        var metadata = image.GetMetadataReader();
        if (!metadata.IsAssembly)
            throw new UsageException($"'{path}' is no plugin: it is a module without an assembly", Hint);
        return new(
            metadata.GetAssemblyDefinition().GetAssemblyName(), FrameworkOf(metadata),
            [.. metadata.AssemblyReferences.Select(one => metadata.GetAssemblyReference(one).GetAssemblyName())]);
    }

    private static FrameworkName? FrameworkOf(MetadataReader metadata)
    {
        foreach (var handle in metadata.GetAssemblyDefinition().GetCustomAttributes())
        {
            var attribute = metadata.GetCustomAttribute(handle);
            if (NameOf(metadata, attribute.Constructor) != nameof(TargetFrameworkAttribute))
                continue;
            var value = metadata.GetBlobReader(attribute.Value);
            // Two bytes of a prolog, then the one argument.
            if (value.RemainingBytes < 3 || value.ReadUInt16() != 1 || value.ReadSerializedString() is not { } text)
                return null;
            return new(text);
        }

        return null;
    }

    private static string NameOf(MetadataReader metadata, EntityHandle constructor)
    {
        if (constructor.Kind != HandleKind.MemberReference)
            return "";
        var type = metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent;
        return type.Kind == HandleKind.TypeReference
            ? metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)type).Name)
            : "";
    }
}
