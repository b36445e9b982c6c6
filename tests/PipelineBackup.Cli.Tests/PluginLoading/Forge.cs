using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.Versioning;

namespace PipelineBackup.Cli.Tests.PluginLoading;

/// <summary>
/// Makes assemblies of plugins, real ones in files, and changes what compiled ones say of themselves.
/// </summary>
internal static class Forge
{
    private const MethodAttributes Implemented = MethodAttributes.Public | MethodAttributes.Virtual
        | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot;

    /// <summary>What is written where a factory gives its scheme.</summary>
    /// <param name="code">The body, which ends with a string on the stack.</param>
    public delegate void SchemeCode(ILGenerator code);

    /// <summary>An assembly in the making.</summary>
    public static PersistedAssemblyBuilder Assembly(string name, string version = "1.0.0.0", string? framework = null)
    {
        var assembly = new PersistedAssemblyBuilder(
            new(name) { Version = Version.Parse(version) }, typeof(object).Assembly);
        if (framework is not null)
        {
            assembly.SetCustomAttribute(new(
                typeof(TargetFrameworkAttribute).GetConstructor([typeof(string)])!, [framework]));
        }

        assembly.DefineDynamicModule(name);
        return assembly;
    }

    /// <summary>The module of an assembly, to define types in.</summary>
    public static ModuleBuilder Module(PersistedAssemblyBuilder assembly) =>
        assembly.GetDynamicModule(assembly.GetName().Name!)!;

    /// <summary>A part that a plugin uses: a class <c>Part</c> whose one method says something.</summary>
    public static MethodInfo Part(PersistedAssemblyBuilder assembly, string says)
    {
        var type = Module(assembly).DefineType("Part", TypeAttributes.Public);
        var method = type.DefineMethod("Say", MethodAttributes.Public | MethodAttributes.Static, typeof(string), []);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldstr, says);
        code.Emit(OpCodes.Ret);
        type.CreateType();
        return method;
    }

    /// <summary>Adds a factory.</summary>
    /// <param name="assembly">To which assembly.</param>
    /// <param name="name">Name of the class.</param>
    /// <param name="scheme">Gives the scheme.</param>
    /// <param name="constructor">What the constructor does beside; null for nothing.</param>
    /// <param name="create">What stands in <c>Create</c>, which ends with a sink; null for one that gives none.</param>
    /// <param name="visible">Whether the class is public.</param>
    public static void Factory(
        PersistedAssemblyBuilder assembly, string name, SchemeCode scheme, Action<ILGenerator>? constructor = null,
        Action<ILGenerator>? create = null, bool visible = true)
    {
        var type = Module(assembly).DefineType(
            name, TypeAttributes.Class | (visible ? TypeAttributes.Public : TypeAttributes.NotPublic), typeof(object),
            [typeof(IBackupSinkFactory)]);
        var made = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, []).GetILGenerator();
        made.Emit(OpCodes.Ldarg_0);
        made.Emit(OpCodes.Call, typeof(object).GetConstructor([])!);
        constructor?.Invoke(made);
        made.Emit(OpCodes.Ret);
        var getter = type.DefineMethod("get_Scheme", Implemented | MethodAttributes.SpecialName, typeof(string), []);
        var code = getter.GetILGenerator();
        scheme(code);
        code.Emit(OpCodes.Ret);
        type.DefineProperty("Scheme", PropertyAttributes.None, typeof(string), []).SetGetMethod(getter);
        var method = type.DefineMethod("Create", Implemented, typeof(IBackupSink), [typeof(Uri), typeof(bool)]);
        code = method.GetILGenerator();
        if (create is null)
            code.Emit(OpCodes.Ldnull);
        else
            create(code);
        code.Emit(OpCodes.Ret);
        type.CreateType();
    }

    /// <summary>A scheme that is a constant.</summary>
    public static SchemeCode Scheme(string? scheme) => code =>
    {
        if (scheme is null)
            code.Emit(OpCodes.Ldnull);
        else
            code.Emit(OpCodes.Ldstr, scheme);
    };

    /// <summary>Throws an <see cref="InvalidOperationException"/>.</summary>
    public static void Throw(ILGenerator code, string message)
    {
        code.Emit(OpCodes.Ldstr, message);
        code.Emit(OpCodes.Newobj, typeof(InvalidOperationException).GetConstructor([typeof(string)])!);
        code.Emit(OpCodes.Throw);
    }

    /// <summary>Writes an assembly into a folder.</summary>
    /// <returns>Its path.</returns>
    public static string Save(PersistedAssemblyBuilder assembly, string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, assembly.GetName().Name + ".dll");
        assembly.Save(path);
        return path;
    }

    /// <summary>Changes the version of a reference in a compiled assembly.</summary>
    /// <param name="path">The assembly.</param>
    /// <param name="reference">Which reference.</param>
    /// <param name="version">Its new version.</param>
    public static void SetReference(string path, string reference, Version version)
    {
        byte[] bytes = File.ReadAllBytes(path);
        using (var image = new PEReader(new MemoryStream(bytes)))
        {
            var metadata = image.GetMetadataReader();
            var row = metadata.AssemblyReferences.Single(
                one => metadata.GetString(metadata.GetAssemblyReference(one).Name) == reference);
            // A row begins with the four numbers of the version, two bytes each.
            int offset = image.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(TableIndex.AssemblyRef)
                + ((MetadataTokens.GetRowNumber(row) - 1) * metadata.GetTableRowSize(TableIndex.AssemblyRef));
            ushort[] numbers =
                [(ushort)version.Major, (ushort)version.Minor, (ushort)version.Build, (ushort)version.Revision];
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan()).CopyTo(bytes.AsSpan(offset));
        }

        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Copies the plugin of the tests, with all that lies beside it.</summary>
    /// <returns>Path of the copy's assembly.</returns>
    public static string CopyOfTestPlugin() =>
        Path.Combine(Cli.Copy(Path.GetDirectoryName(Cli.TestPlugin)!), Path.GetFileName(Cli.TestPlugin));
}
